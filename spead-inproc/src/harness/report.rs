use std::fmt;

use super::{Lint, render};
use crate::{
    heap::Origin,
    inproc::InprocQueue,
    recv::{Event, Fate, Ledger, RecvConfig, Stats, Trace},
    stream::{PacketSource, RecvStream, Taken, Watch},
};

/// What became of everything that was sent through a [`Harness`](super::Harness). Its text is what a snapshot holds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// What each receiver got.
    pub receivers: Vec<ReceiverReport>,
    /// Packets that nobody read, since they came after a stop, by sender.
    pub left: Vec<(Origin, u64)>,
    /// What looks like a mistake.
    pub lints: Vec<Lint>,
}

/// What one receiver got.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReceiverReport {
    /// What it gave out, in that order, except what a snapshot in the body has shown.
    pub events: Vec<Event>,
    /// What it counted.
    pub stats: Stats,
    /// What became of its packets and heaps.
    pub ledger: Ledger,
    /// Its settings.
    pub config: RecvConfig,
    /// The last packets that it read.
    pub trace: Trace,
}

impl ReceiverReport {
    /// Reads all that can be read now, and takes what was given out since the last report of this stream.
    pub(super) fn new(rx: &RecvStream) -> Self {
        let events = rx.take_record();
        Self { events, stats: rx.stats(), ledger: rx.ledger(), config: rx.config(), trace: rx.trace() }
    }
}

impl Report {
    /// Reads what is left, after the queue has been stopped.
    ///
    /// # Panics
    /// If a packet is unaccounted for.
    pub(super) fn new(queue: &InprocQueue, receivers: &[RecvStream], watch: &Watch) -> Self {
        let receivers: Vec<_> = receivers.iter().map(ReceiverReport::new).collect();
        check(queue, receivers.iter().map(|receiver| receiver.ledger.clone()));
        let left = left(queue);
        let lints = Lint::find(&receivers, &left, watch);
        Self { receivers, left, lints }
    }

    /// Tells what became of everything that was not used, and why; nothing if all was. Failing tests show it.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = String::new();
        for (index, receiver) in self.receivers.iter().enumerate() {
            let ledger = &receiver.ledger;
            let mut cnts: Vec<u64> = ledger.incomplete_heaps().map(|heap| heap.cnt.get()).collect();
            cnts.extend(ledger.refused_packets().filter_map(|packet| packet.place).map(|(cnt, _)| cnt.get()));
            cnts.sort_unstable();
            cnts.dedup();
            if self.receivers.len() > 1 && !cnts.is_empty() {
                text += &format!("receiver {index}:\n");
            }
            cnts.iter().take(STORIES).for_each(|cnt| text += &ledger.explain(*cnt).to_string());
            if cnts.len() > STORIES {
                text += &format!("and {} heaps more\n", cnts.len() - STORIES);
            }
            for (origin, example, packets) in ledger.rejections() {
                text += &format!("rejected: {packets} packets of {origin}, e.g. {example}\n");
            }
            if receiver.trace.has_trouble() {
                text += &receiver.trace.to_string();
            }
        }
        for (origin, packets) in &self.left {
            text += &format!("left in the queue: {packets} packets of {origin}, sent after what stopped the stream\n");
        }
        self.lints.iter().for_each(|lint| text += &format!("note: {lint}\n"));
        text
    }
}

/// Heaps that an explanation tells of.
const STORIES: usize = 10;

/// Every packet that was put was read, or left, or taken by another reader; every packet that was read has a fate.
///
/// # Panics
/// If not.
pub(super) fn check(queue: &InprocQueue, ledgers: impl Iterator<Item = Ledger>) {
    // What is read meanwhile was put before, so count in this order.
    let left = queue.len() as u64;
    let mut read = 0;
    for ledger in ledgers {
        let total = ledger.total();
        let decided: u64 = Fate::ALL.into_iter().map(|fate| total.of(fate)).sum();
        assert!(
            decided <= total.received(),
            "bug in spead-inproc: {} packets were read, but {decided} have a fate\n{ledger}",
            total.received()
        );
        read += total.received();
    }
    let put = queue.packets_put();
    assert!(
        read <= put && left <= put,
        "bug in spead-inproc: {put} packets were put into the queue, but {read} were read and {left} are left"
    );
}

fn left(queue: &InprocQueue) -> Vec<(Origin, u64)> {
    let mut left: Vec<(Origin, u64)> = Vec::new();
    while let Taken::Entry(entry) = queue.take() {
        match left.iter_mut().find(|(origin, _)| *origin == entry.origin()) {
            Some((_, packets)) => *packets += entry.len() as u64,
            None => left.push((entry.origin(), entry.len() as u64)),
        }
    }
    left.sort_unstable();
    left
}

impl fmt::Display for ReceiverReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::receiver(f, self)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::report(f, self)
    }
}
