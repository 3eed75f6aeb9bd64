use crate::wire::{Flavour, PacketError};

/// What became of a packet. Every packet that a receive stream reads, or that a fault plan keeps from it, ends in exactly
/// one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fate {
    /// Its heap was delivered whole, or was the control heap that stopped the stream.
    Used,
    /// Its bytes had come before.
    Duplicate,
    /// It was refused: see [`Rejection`].
    Rejected,
    /// A newer heap pushed its heap out of the window.
    Evicted,
    /// The stream stopped before its heap was whole.
    Flushed,
    /// Its heap had been evicted before it came.
    Late,
    /// A fault plan took it away, so that it was never read: see [`PlannedPacket`](super::PlannedPacket).
    Dropped,
}

impl Fate {
    /// All of them, in the order in which they are shown.
    pub const ALL: &[Self] =
        &[Self::Used, Self::Duplicate, Self::Rejected, Self::Evicted, Self::Flushed, Self::Late, Self::Dropped];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
            Self::Evicted => "evicted with its heap",
            Self::Flushed => "flushed with its heap",
            Self::Late => "late",
            Self::Dropped => "dropped by plan",
        }
    }
}

/// Why a packet was refused (spead2 `recv_packet.cpp`, `recv_stream.cpp`, `recv_live_heap.cpp`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// It is no SPEAD packet.
    #[error(transparent)]
    Packet(#[from] PacketError),
    /// It does not say how long its heap is.
    #[error("no heap length: set allow_unsized_heaps to accept such packets")]
    Unsized,
    /// It is not the first of its heap, and no other had come.
    #[error(
        "payload offset {payload_offset} of a heap that has not started: its first packet was lost or is late; set \
         allow_out_of_order to accept packets in any order"
    )]
    NotStarted {
        /// Where its payload starts in the heap.
        payload_offset: u64,
    },
    /// Packets between the last one and this one are missing.
    #[error(
        "payload offset {payload_offset}, but the heap had come only as far as {received}: a packet was lost or is late; \
         set allow_out_of_order to accept packets in any order"
    )]
    Gap {
        /// Where its payload starts in the heap.
        payload_offset: u64,
        /// Bytes of the heap that had come.
        received: u64,
    },
    /// Some of its bytes had come before, others not.
    #[error("payload {payload_offset} + {payload_length} bytes overlaps bytes that had come before")]
    Overlap {
        /// Where its payload starts in the heap.
        payload_offset: u64,
        /// Bytes of its payload.
        payload_length: u64,
    },
    /// Earlier packets gave the heap another length.
    #[error("heap length {given}, but earlier packets of the heap said {known}: do two senders share a heap cnt?")]
    HeapLength {
        /// What earlier packets said.
        known: u64,
        /// What this one says.
        given: u64,
    },
    /// Earlier packets reach past the heap length.
    #[error("heap length {given}, but earlier packets of the heap reach to {reached}")]
    HeapTooShort {
        /// How far the heap is known to reach, in bytes.
        reached: u64,
        /// What this packet says.
        given: u64,
    },
    /// Earlier packets came in another flavour.
    #[error("{given}, but earlier packets of the heap are {known}: do two senders share a heap cnt?")]
    Flavour {
        /// That of earlier packets.
        known: Flavour,
        /// That of this one.
        given: Flavour,
    },
    /// It says that its heap is longer than the limit.
    #[error("heap length {given} is above the limit of {limit} bytes: raise `limits.heap_length`")]
    HeapLengthLimit {
        /// What the packet says, in bytes.
        given: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// Its heap would get more items than the limit.
    #[error("{items} item pointers in one heap are above the limit of {limit}: raise `limits.items`")]
    ItemLimit {
        /// How many there would be.
        items: u64,
        /// The limit.
        limit: u64,
    },
    /// The heaps that are arriving would hold more bytes than the limit.
    #[error(
        "{live} bytes of heaps that are still arriving are above the limit of {limit}: raise `limits.live_bytes`, or \
         lower `max_heaps`"
    )]
    LiveBytesLimit {
        /// How many there would be.
        live: u64,
        /// The limit, in bytes.
        limit: u64,
    },
}
