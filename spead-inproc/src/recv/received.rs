use std::{
    fmt,
    ops::{Deref, Range},
};

use crate::{
    heap::{Heap, Item, Origin, StreamControl, has_control},
    wire::{Flavour, HeapCnt},
};

/// What a reassembler gives out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A heap of which nothing is missing.
    Heap(ReceivedHeap),
    /// What came of a heap that left the window before it was whole.
    Incomplete(IncompleteHeap),
}

impl Event {
    /// The heap's cnt.
    #[must_use]
    pub const fn cnt(&self) -> HeapCnt {
        match self {
            Self::Heap(heap) => heap.cnt,
            Self::Incomplete(heap) => heap.cnt(),
        }
    }

    /// The heap, if nothing is missing.
    #[must_use]
    pub fn into_heap(self) -> Option<ReceivedHeap> {
        match self {
            Self::Heap(heap) => Some(heap),
            Self::Incomplete(_) => None,
        }
    }
}

/// A heap as it arrived, whole: its cnt, who sent it, and the [`Heap`], which it can be used as.
///
/// Its items stand in the order in which the sender wrote them, whatever the order in which packets came, and empty items
/// are kept. (spead2 sorts them, and drops empty ones.)
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedHeap {
    pub(super) cnt: HeapCnt,
    pub(super) origin: Origin,
    pub(super) packets: u64,
    pub(super) heap: Heap,
}

impl ReceivedHeap {
    /// The heap's cnt.
    #[must_use]
    pub const fn cnt(&self) -> HeapCnt {
        self.cnt
    }

    /// Who sent it; if packets of several senders were joined into it, who sent the one that came first.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// How many packets it came in.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.packets
    }

    /// The heap without what the stream knows of it.
    #[must_use]
    pub const fn heap(&self) -> &Heap {
        &self.heap
    }
}

impl Deref for ReceivedHeap {
    type Target = Heap;

    fn deref(&self) -> &Heap {
        &self.heap
    }
}

impl AsRef<Heap> for ReceivedHeap {
    fn as_ref(&self) -> &Heap {
        self
    }
}

impl fmt::Debug for ReceivedHeap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedHeap")
            .field("cnt", &self.cnt)
            .field("origin", &self.origin)
            .field("packets", &self.packets)
            .field("heap", &self.heap)
            .finish()
    }
}

/// Why a heap left the window before it was complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// A newer heap took its place.
    Evicted {
        /// The newer heap.
        by: HeapCnt,
    },
    /// The stream stopped.
    Flushed,
}

/// What came of a heap that is not whole: its immediate items, and which bytes of its payload.
///
/// Addressed items are withheld, since nothing says which of their bytes are missing (spead2 `recv_heap.cpp`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncompleteHeap {
    /// Boxed, since there are few of them: events that are whole heaps stay small.
    pub(super) partial: Box<Partial>,
}

/// What an [`IncompleteHeap`] knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Partial {
    pub(super) cnt: HeapCnt,
    pub(super) origin: Origin,
    pub(super) packets: u64,
    pub(super) immediates: Heap,
    pub(super) heap_length: Option<u64>,
    /// How far the packets and pointers that came reach.
    pub(super) reach: u64,
    /// The highest address of an item pointer.
    pub(super) last_address: u64,
    pub(super) received_length: u64,
    pub(super) payload_ranges: Vec<Range<u64>>,
    pub(super) ending: Ending,
}

impl IncompleteHeap {
    /// The heap's cnt.
    #[must_use]
    pub const fn cnt(&self) -> HeapCnt {
        self.partial.cnt
    }

    /// Who sent the packet that came first.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.partial.origin
    }

    /// How many packets came.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.partial.packets
    }

    /// How the heap's item pointers are split.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.partial.immediates.flavour()
    }

    /// The immediate items that came, in the sender's order.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        self.partial.immediates.items()
    }

    /// The first immediate item with this id.
    #[must_use]
    pub fn item(&self, id: u64) -> Option<&Item> {
        self.partial.immediates.item(id)
    }

    /// Bytes of the whole heap's payload, if a packet said.
    #[must_use]
    pub const fn heap_length(&self) -> Option<u64> {
        self.partial.heap_length
    }

    /// Bytes of payload that came.
    #[must_use]
    pub const fn received_length(&self) -> u64 {
        self.partial.received_length
    }

    /// The ranges of the payload that came, merged and sorted.
    #[must_use]
    pub fn payload_ranges(&self) -> &[Range<u64>] {
        &self.partial.payload_ranges
    }

    /// The ranges of the payload that did not come, up to the length that a packet gave, or else as far as the heap is known
    /// to reach.
    ///
    /// None are missing if only an item pointer is wrong: one that points behind the heap's end.
    #[must_use]
    pub fn missing_ranges(&self) -> Vec<Range<u64>> {
        let length = self.length();
        let starts = [0].into_iter().chain(self.partial.payload_ranges.iter().map(|range| range.end));
        let ends = self.partial.payload_ranges.iter().map(|range| range.start.min(length)).chain([length]);
        starts.zip(ends).filter(|(start, end)| start < end).map(|(start, end)| start..end).collect()
    }

    /// The length that a packet gave; if none did, how far the packets and pointers that came reach.
    fn length(&self) -> u64 {
        self.partial.heap_length.unwrap_or(self.partial.reach)
    }

    /// How far an item points behind the heap's end, if one does: then the heap can never be whole.
    #[must_use]
    pub fn item_beyond_end(&self) -> Option<u64> {
        let Partial { heap_length, last_address, .. } = *self.partial;
        heap_length.filter(|length| *length < last_address).map(|_| last_address)
    }

    /// Why it left the window.
    #[must_use]
    pub const fn ending(&self) -> Ending {
        self.partial.ending
    }

    /// Whether a control item that came says that the stream starts here.
    #[must_use]
    pub fn is_start_of_stream(&self) -> bool {
        has_control(self.items(), StreamControl::Start)
    }

    /// Whether a control item that came says that the stream ends here.
    #[must_use]
    pub fn is_end_of_stream(&self) -> bool {
        has_control(self.items(), StreamControl::Stop)
    }
}
