use std::fmt;

/// What a receive stream has counted: spead2's names and numbers (`recv_stream.h`, `recv_stream.cpp`).
///
/// They say how much, not why; the why is in the [`Ledger`](super::Ledger).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Heaps that left the window: complete, evicted or flushed; those that nobody was given included, the one that
    /// stopped the stream not.
    pub heaps: u64,
    /// Heaps that a newer one pushed out.
    pub incomplete_heaps_evicted: u64,
    /// Heaps that were live when the stream stopped.
    pub incomplete_heaps_flushed: u64,
    /// Packets that could be decoded, those then rejected included.
    pub packets: u64,
    /// Times that the reader woke up. In process that is once a packet, decoded or not.
    pub batches: u64,
    /// Most packets in one batch.
    pub max_batch: u64,
    /// Packets that were a whole heap.
    pub single_packet_heaps: u64,
    /// Live heaps looked at to find those that packets belong to.
    pub search_dist: u64,
    /// Times that a background worker found the ring of ready heaps full.
    pub worker_blocked: u64,
}

impl Stats {
    /// The statistics with their names, in spead2's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, u64)> + use<> {
        [
            ("heaps", self.heaps),
            ("incomplete_heaps_evicted", self.incomplete_heaps_evicted),
            ("incomplete_heaps_flushed", self.incomplete_heaps_flushed),
            ("packets", self.packets),
            ("batches", self.batches),
            ("max_batch", self.max_batch),
            ("single_packet_heaps", self.single_packet_heaps),
            ("search_dist", self.search_dist),
            ("worker_blocked", self.worker_blocked),
        ]
        .into_iter()
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))
    }
}
