//! Many heaps through one queue, by heap size and packet size.

use std::{error::Error, thread};

use bytes::Bytes;
use spead_inproc::{
    Flavour, GroupMode, Heap, HeapReference, InprocQueue, ReceivedHeap, RecvConfig, RecvStream, SendConfig, SendStream,
};

use crate::{
    Outcome,
    options::{Case, Options},
    record::{Output, Record},
    timing::{Times, timed},
};

/// The item that carries the payload, and what each of its bytes is.
pub(crate) const DATA: u64 = 0x1000;
pub(crate) const BYTE: u8 = 0x5a;

/// A heap with one item of so many bytes.
pub(crate) fn heap(payload: usize) -> Heap {
    Heap::builder(Flavour::SPEAD_64_48).item(DATA, vec![BYTE; payload]).build().expect("one short item")
}

/// The length of the heap's item, and its last byte.
pub(crate) fn check(heap: &ReceivedHeap, payload: usize) {
    let bytes = heap.item(DATA).expect("the item was sent").bytes();
    assert_eq!((bytes.len(), bytes.last()), (payload, Some(&BYTE)), "wrong data");
}

/// Pops so many heaps and checks each.
pub(crate) fn drain(rx: &RecvStream, heaps: usize, payload: usize) {
    for _ in 0..heaps {
        check(&rx.next_heap().expect("as many as were sent"), payload);
    }
}

/// How the heaps of a run are sent.
#[derive(Debug, Clone, Copy)]
enum Calls {
    /// One heap many times, all with one call, as the peer script sends it.
    One,
    /// Many heaps, each with a call of its own, as programs do.
    Each,
    /// One heap many times, each with a call: its count of references goes to and fro between sender and receiver.
    Again,
}

impl Calls {
    const ALL: [Self; 3] = [Self::One, Self::Each, Self::Again];

    const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Each => "each",
            Self::Again => "again",
        }
    }

    /// How many heaps take turns.
    const fn heaps(self) -> usize {
        match self {
            Self::One | Self::Again => 1,
            Self::Each => 64,
        }
    }
}

/// Heaps that take turns; they share their payload.
#[derive(Debug)]
struct Turns(Vec<Heap>);

impl Turns {
    fn new(heaps: usize, payload: usize) -> Self {
        let bytes = Bytes::from(vec![BYTE; payload]);
        let heap = |_| Heap::builder(Flavour::SPEAD_64_48).item(DATA, bytes.clone()).build().expect("one short item");
        Self((0..heaps).map(heap).collect())
    }

    fn references(&self, heaps: usize) -> Vec<HeapReference<'_>> {
        self.0.iter().cycle().take(heaps).map(HeapReference::from).collect()
    }
}

/// One queue, and one stream that sends into it.
#[derive(Debug)]
struct Run {
    queue: InprocQueue,
    tx: SendStream,
}

impl Run {
    fn new(packet_size: usize, heaps: usize) -> Result<Self, Box<dyn Error>> {
        let queue = InprocQueue::new();
        let config = SendConfig { max_packet_size: packet_size, max_heaps: heaps, ..SendConfig::default() };
        Ok(Self { tx: SendStream::new(&queue, config)?, queue })
    }

    fn send(&self, heaps: &[HeapReference<'_>], calls: Calls) {
        match calls {
            Calls::One => {
                self.tx.send_heaps(heaps, GroupMode::Serial).expect("the queue is open");
            }
            Calls::Each | Calls::Again => {
                for heap in heaps {
                    self.tx.send_heap(*heap).expect("the queue is open");
                }
            }
        }
    }

    fn receiver(&self) -> RecvStream {
        let rx = RecvStream::new(RecvConfig::default()).expect("the defaults work");
        rx.add_inproc_reader(&self.queue).expect("the stream has not been started");
        rx
    }
}

pub(crate) fn grid(case: Case, options: &Options, output: &mut Output) -> Outcome {
    for payload in options.payloads.iter().copied() {
        for packet_size in options.packet_sizes.iter().copied() {
            for calls in Calls::ALL {
                output.write(&cell(case, payload, packet_size, calls, options)?);
            }
        }
    }
    Ok(())
}

fn cell(
    case: Case,
    payload: usize,
    packet_size: usize,
    calls: Calls,
    options: &Options,
) -> Result<Record, Box<dyn Error>> {
    let turns = Turns::new(calls.heaps(), payload);
    let heaps = options.heap_count(payload, packet_size);
    let references = turns.references(heaps);
    let (mut sends, mut drains, mut totals, mut packets) = (Times::default(), Times::default(), Times::default(), 0);
    for _ in 0..options.reps {
        let run = Run::new(packet_size, heaps)?;
        let rx = if case == Case::Presend {
            let (send, ()) = timed(|| {
                run.send(&references, calls);
                run.queue.stop();
            });
            let (drained, rx) = timed(|| {
                let rx = run.receiver();
                drain(&rx, heaps, payload);
                rx
            });
            sends.push(send);
            drains.push(drained);
            totals.push(send + drained);
            rx
        } else {
            let rx = run.receiver();
            thread::scope(|scope| {
                let (total, sender) = timed(|| {
                    let sender = scope.spawn(|| run.send(&references, calls));
                    drain(&rx, heaps, payload);
                    sender
                });
                totals.push(total);
                sender.join().expect("the sender does not panic");
            });
            rx
        };
        packets = rx.stats().packets;
    }
    let record = figures(
        record(case, payload, packet_size, heaps).with("recv", "native").with("calls", calls.name()),
        &totals,
        heaps,
        payload,
    )
    .with("packets", packets)
    .figure("packets_per_s", packets as f64 / totals.median())
    .figure("ns_per_packet", totals.median() / packets as f64 * 1e9);
    if case == Case::Presend {
        return Ok(record.figure("send_s", sends.median()).figure("drain_s", drains.median()));
    }
    Ok(record)
}

/// As a pre-send, with every heap kept until the end.
pub(crate) fn keep(options: &Options, output: &mut Output) -> Outcome {
    const PACKET_SIZE: usize = 9000;
    for payload in options.payloads.iter().copied().filter(|payload| *payload >= 8192) {
        let turns = Turns::new(Calls::One.heaps(), payload);
        let heaps = options.heap_count(payload, PACKET_SIZE);
        let references = turns.references(heaps);
        let mut totals = Times::default();
        for _ in 0..options.reps {
            let run = Run::new(PACKET_SIZE, heaps)?;
            let (total, kept) = timed(|| {
                run.send(&references, Calls::One);
                run.queue.stop();
                let rx = run.receiver();
                let kept: Vec<_> = rx.heaps().map(|heap| heap.expect("nothing to wait for")).collect();
                kept.iter().for_each(|heap| check(heap, payload));
                kept
            });
            assert_eq!(kept.len(), heaps, "wrong number of heaps");
            totals.push(total);
        }
        output.write(&figures(record(Case::Keep, payload, PACKET_SIZE, heaps), &totals, heaps, payload));
    }
    Ok(())
}

fn record(case: Case, payload: usize, packet_size: usize, heaps: usize) -> Record {
    Record::new(case.name()).with("payload", payload).with("pkt", packet_size).with("n", heaps)
}

fn figures(record: Record, totals: &Times, heaps: usize, payload: usize) -> Record {
    let total = totals.median();
    record
        .with("reps", totals.len())
        .figure("total_s", total)
        .figure("min_total_s", totals.min())
        .figure("max_total_s", totals.max())
        .figure("heaps_per_s", heaps as f64 / total)
        .figure("gb_per_s", (heaps * payload) as f64 / total / 1e9)
}
