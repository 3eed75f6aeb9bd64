use crate::wire::BugCompat;

/// How packets become heaps again: spead2's receive settings, with its names and defaults (`recv_stream.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvConfig {
    /// Heaps of one substream that may be arriving at once. One more evicts the oldest, complete or not. Default 4.
    pub max_heaps: usize,
    /// Windows of `max_heaps` each, between which heaps are spread by `cnt mod substreams`. Default 1.
    pub substreams: usize,
    /// Old mistakes to expect in descriptors. Default none.
    pub bug_compat: BugCompat,
    /// Whether packets that do not say how long their heap is are accepted. Default true.
    pub allow_unsized_heaps: bool,
    /// Whether the packets of a heap may come in any order. Otherwise each must continue where the last one ended, and
    /// a packet that comes too early is rejected. Default false.
    pub allow_out_of_order: bool,
    /// Whether a stop item ends the stream. Default true.
    pub stop_on_stop_item: bool,
    /// Whether nothing is read until the stream is told to start. Default false.
    pub explicit_start: bool,
    /// What packets may make the receiver hold.
    pub limits: Limits,
}

/// What packets may make a receiver hold; what would go beyond is rejected, packet by packet.
///
/// Memory follows the bytes that have come, whatever a packet declares, so the limits are wide: they stop what runs away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of payload that a heap may say it has. Default 2^40.
    pub heap_length: u64,
    /// Bytes of payload that all heaps that are still arriving may hold together; one that comes in a single packet is
    /// never among them, nor is what a new heap evicts. Default 2^32.
    pub live_bytes: u64,
    /// Different item pointers of one heap. Default 2^20.
    pub items: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { heap_length: 1 << 40, live_bytes: 1 << 32, items: 1 << 20 }
    }
}

impl Default for RecvConfig {
    fn default() -> Self {
        Self {
            max_heaps: 4,
            substreams: 1,
            bug_compat: BugCompat::NONE,
            allow_unsized_heaps: true,
            allow_out_of_order: false,
            stop_on_stop_item: true,
            explicit_start: false,
            limits: Limits::default(),
        }
    }
}

impl RecvConfig {
    /// Live heaps that the windows of all substreams have room for.
    pub(crate) fn slots(&self) -> Result<usize, RecvConfigError> {
        if self.max_heaps == 0 {
            return Err(RecvConfigError::NoHeaps);
        }
        if self.substreams == 0 {
            return Err(RecvConfigError::NoSubstreams);
        }
        if !BugCompat::PYSPEAD_0_5_2.contains(self.bug_compat) {
            return Err(RecvConfigError::BugCompat { bits: self.bug_compat.bits() });
        }
        self.max_heaps
            .checked_mul(self.substreams)
            .filter(|slots| *slots <= MAX_SLOTS)
            .ok_or(RecvConfigError::Window { max_heaps: self.max_heaps, substreams: self.substreams })
    }
}

/// Slots are numbered with 32 bits.
const MAX_SLOTS: usize = 1 << 28;

/// Receive settings that cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecvConfigError {
    /// No heap could ever arrive.
    #[error("max_heaps 0 leaves no room for a heap: use at least 1")]
    NoHeaps,
    /// There is no substream to put a heap into.
    #[error("substreams 0: use at least 1")]
    NoSubstreams,
    /// The window is too large to be a window.
    #[error("max_heaps {max_heaps} in each of {substreams} substreams is more than {MAX_SLOTS} live heaps")]
    Window {
        /// Live heaps of one substream.
        max_heaps: usize,
        /// Substreams.
        substreams: usize,
    },
    /// The set of old mistakes has bits that mean nothing.
    #[error("bug_compat {bits:#x} has unknown bits: only 1, 2 and 4 mean something")]
    BugCompat {
        /// The set, as bits.
        bits: u32,
    },
}
