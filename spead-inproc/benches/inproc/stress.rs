//! Many threads at once: every heap arrives exactly once, and the books balance.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use spead_inproc::{Fate, Flavour, Heap, InprocQueue, Ledger, RecvConfig, RecvStream, SendConfig, SendStream};

use crate::{
    Outcome,
    options::{Case, Options},
    record::{Output, Record},
    timing::{Times, timed},
};

const SENDERS: u64 = 8;
const RECEIVERS: usize = 4;
const HEAPS: u64 = 1_000_000;
/// A run takes long enough to need no more.
const RUNS: usize = 3;

/// 8 threads send and 4 receive a million heaps of one packet.
pub(crate) fn stress(options: &Options, output: &mut Output) -> Outcome {
    let mut times = Times::default();
    for _ in 0..options.reps.min(RUNS) {
        times.push(run()?);
    }
    let record = Record::new(Case::Stress.name())
        .with("senders", SENDERS)
        .with("receivers", RECEIVERS)
        .with("heaps", HEAPS)
        .with("n", times.len())
        .figure("seconds", times.median())
        .figure("heaps_per_s", HEAPS as f64 / times.median());
    output.write(&record);
    Ok(())
}

/// One run, from the first thread to the last, and what there is to check after it.
fn run() -> Result<std::time::Duration, Box<dyn std::error::Error>> {
    let queue = InprocQueue::new();
    let seen = Seen::default();
    let mut receivers = Vec::new();
    for _ in 0..RECEIVERS {
        let rx = RecvStream::new(RecvConfig::default())?;
        rx.add_inproc_reader(&queue)?;
        receivers.push(rx);
    }
    let mut senders = Vec::new();
    for sender in 0..SENDERS {
        let tx = SendStream::new(&queue, SendConfig::default())?;
        tx.set_cnt_sequence(sender, SENDERS)?;
        senders.push((tx, Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, sender).build()?));
    }
    let (time, ()) = timed(|| {
        thread::scope(|scope| {
            receivers.iter().for_each(|rx| drop(scope.spawn(|| receive(rx, &seen))));
            let sending: Vec<_> = senders.iter().map(|(tx, heap)| scope.spawn(|| send(tx, heap))).collect();
            let sent: Vec<_> = sending.into_iter().map(thread::ScopedJoinHandle::join).collect();
            // Also if a sender has panicked: else the receivers would wait for ever.
            queue.stop();
            sent.into_iter().for_each(|sender| sender.expect("no sender panics"));
        });
    });
    seen.check()?;
    check_books(&queue, receivers.iter().map(RecvStream::ledger))?;
    Ok(time)
}

fn send(tx: &SendStream, heap: &Heap) {
    for _ in 0..HEAPS / SENDERS {
        tx.send_heap(heap).expect("the queue is open");
    }
}

fn receive(rx: &RecvStream, seen: &Seen) {
    for heap in rx {
        seen.note(heap.expect("nobody watches").cnt().get());
    }
}

fn check_books(queue: &InprocQueue, ledgers: impl Iterator<Item = Ledger>) -> Result<(), String> {
    let mut packets = 0;
    for ledger in ledgers {
        if ledger.of(Fate::Used) != ledger.received() {
            return Err(format!("a packet was not used\n{ledger}"));
        }
        packets += ledger.received();
    }
    let (put, left) = (queue.packets_put(), queue.len());
    if (packets, put, left) != (HEAPS, HEAPS, 0) {
        return Err(format!("of {HEAPS} packets {put} were put, {packets} received, {left} are left"));
    }
    Ok(())
}

/// A bit for each heap that came.
struct Seen(Vec<AtomicU64>);

impl Default for Seen {
    fn default() -> Self {
        Self((0..HEAPS.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Seen {
    fn note(&self, cnt: u64) {
        let word = usize::try_from(cnt / 64).ok().and_then(|word| self.0.get(word));
        let bit = 1 << (cnt % 64);
        let before = word.expect("a heap that nobody sent").fetch_or(bit, Ordering::Relaxed);
        assert_eq!(before & bit, 0, "heap {cnt} came twice");
    }

    fn check(&self) -> Result<(), String> {
        let seen: u64 = self.0.iter().map(|word| u64::from(word.load(Ordering::Relaxed).count_ones())).sum();
        if seen == HEAPS { Ok(()) } else { Err(format!("{seen} of {HEAPS} heaps came")) }
    }
}
