//! How cost grows with the items of a heap, with senders, and with heaps that are arriving at once.

use bytes::Bytes;
use spead_inproc::{Flavour, GroupMode, Heap, InprocQueue, RecvConfig, RecvStream, SendConfig, SendStream};

use crate::{
    Outcome,
    grid::heap,
    options::{Case, Options},
    record::{Output, Record},
    timing::{Times, timed},
};

const PAYLOAD: usize = 8192;

pub(crate) fn growth(options: &Options, output: &mut Output) -> Outcome {
    for items in [1, 3, 10, 30, 100, 300, 1000] {
        output.write(&point("items", items, options, || by_items(items))?);
    }
    for senders in [1, 2, 4, 8, 16, 32, 64] {
        output.write(&point("senders", senders, options, || by_senders(senders))?);
    }
    for live in [1, 10, 100, 1000, 10_000] {
        output.write(&point("live_heaps", live, options, || by_live_heaps(live))?);
    }
    Ok(())
}

/// What was moved in one run.
struct Moved {
    seconds: std::time::Duration,
    heaps: usize,
    packets: u64,
}

fn point(
    series: &str,
    x: usize,
    options: &Options,
    mut run: impl FnMut() -> Result<Moved, Box<dyn std::error::Error>>,
) -> Result<Record, Box<dyn std::error::Error>> {
    let (mut times, mut heaps, mut packets) = (Times::default(), 0, 0);
    for _ in 0..options.reps {
        let moved = run()?;
        times.push(moved.seconds);
        (heaps, packets) = (moved.heaps, moved.packets);
    }
    let total = times.median();
    Ok(Record::new(Case::Growth.name())
        .with("series", series)
        .with("x", x)
        .with("n", heaps)
        .with("packets", packets)
        .figure("heaps_per_s", heaps as f64 / total)
        .figure("ns_per_heap", total / heaps as f64 * 1e9)
        .figure("ns_per_packet", total / packets as f64 * 1e9))
}

/// Heaps of 8 KiB in so many items, in packets of 1472 bytes.
fn by_items(items: usize) -> Result<Moved, Box<dyn std::error::Error>> {
    const HEAPS: usize = 200;
    let value = Bytes::from(vec![0x5a; PAYLOAD / items]);
    let heap = (0..items as u64)
        .fold(Heap::builder(Flavour::SPEAD_64_48), |builder, item| builder.item(0x1000 + item, value.clone()))
        .build()?;
    let queue = InprocQueue::new();
    let tx = SendStream::new(&queue, SendConfig::default())?;
    let rx = RecvStream::new(RecvConfig::default())?;
    rx.add_inproc_reader(&queue)?;
    let (seconds, ()) = timed(|| {
        for _ in 0..HEAPS {
            tx.send_heap(&heap).expect("the queue is open");
        }
        for _ in 0..HEAPS {
            let received = rx.next_heap().expect("it was sent");
            assert_eq!(received.items().len(), items, "wrong data");
        }
    });
    Ok(Moved { seconds, heaps: HEAPS, packets: rx.stats().packets })
}

/// So many senders in turn, each with a window of its own.
fn by_senders(senders: usize) -> Result<Moved, Box<dyn std::error::Error>> {
    const HEAPS: usize = 1 << 11;
    let heap = heap(PAYLOAD);
    let harness = spead_inproc::Harness::builder().senders(senders).build()?;
    let (seconds, ()) = timed(|| {
        for heap_of_sender in 0..HEAPS {
            harness.sender(heap_of_sender % senders).send_heap(&heap).expect("the queue is open");
        }
        for _ in 0..HEAPS {
            harness.receiver().next_heap().expect("it was sent");
        }
    });
    Ok(Moved { seconds, heaps: HEAPS, packets: harness.receiver().stats().packets })
}

/// So many heaps whose packets come in turn, so that all of them are arriving until the last round.
fn by_live_heaps(live: usize) -> Result<Moved, Box<dyn std::error::Error>> {
    let rounds = (2000 / live).max(1);
    let heap = heap(PAYLOAD);
    let group = vec![(&heap).into(); live];
    let queue = InprocQueue::new();
    let tx = SendStream::new(&queue, SendConfig { max_heaps: live, ..SendConfig::default() })?;
    let rx = RecvStream::new(RecvConfig { max_heaps: live, ..RecvConfig::default() })?;
    rx.add_inproc_reader(&queue)?;
    let (seconds, ()) = timed(|| {
        for _ in 0..rounds {
            tx.send_heaps(&group, GroupMode::RoundRobin).expect("the queue is open");
            for _ in 0..live {
                rx.next_heap().expect("it was sent");
            }
        }
    });
    assert_eq!(rx.stats().incomplete_heaps_evicted, 0, "the window is large enough");
    Ok(Moved { seconds, heaps: rounds * live, packets: rx.stats().packets })
}
