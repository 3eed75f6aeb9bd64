use std::fmt;

use super::render;
use crate::{
    inproc::InprocQueue,
    recv::{Event, Ledger, RecvConfig, Stats},
    stream::RecvStream,
};

/// What became of everything that was sent through a [`Harness`](super::Harness). Its text is what a snapshot holds.
#[derive(Debug, Clone)]
pub struct Report {
    /// What each receiver got.
    pub receivers: Vec<ReceiverReport>,
    /// Packets that nobody read: they came after a stop.
    pub left: u64,
}

/// What one receiver got.
#[derive(Debug, Clone)]
pub struct ReceiverReport {
    /// What it gave out, in that order, except what a snapshot in the body has shown.
    pub events: Vec<Event>,
    /// What it counted.
    pub stats: Stats,
    /// What became of its packets and heaps.
    pub ledger: Ledger,
    pub(super) config: RecvConfig,
}

impl ReceiverReport {
    /// Reads all that can be read now, and takes what was given out since the last report of this stream.
    pub(super) fn new(rx: &RecvStream) -> Self {
        let events = rx.take_record();
        Self { events, stats: rx.stats(), ledger: rx.ledger(), config: rx.config() }
    }
}

impl Report {
    /// Every packet that was put was read or left, and every packet read has a fate.
    pub(super) fn check(&self, queue: &InprocQueue) {
        let read: u64 = self.receivers.iter().map(|receiver| receiver.ledger.received()).sum();
        let put = queue.packets_put();
        assert!(
            read + self.left <= put,
            "bug in spead-inproc: {put} packets were put into the queue, but {read} were read and {} are left",
            self.left
        );
        for receiver in &self.receivers {
            let live = receiver.ledger.total().live();
            assert!(
                live == 0 || !queue.is_stopped() || self.left > 0,
                "bug in spead-inproc: {live} packets have no fate\n{}",
                receiver.ledger
            );
        }
    }
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
