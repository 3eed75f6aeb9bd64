use std::ops::Range;

use super::{
    Ending, IncompleteHeap, Limits, Rejection,
    coverage::{Coverage, Refusal},
    pieces::Pieces,
    pointers::Pointers,
    received::Partial,
};
use crate::{
    heap::{Extents, Heap, Item, Origin, StreamControl},
    wire::{BugCompat, Flavour, HeapCnt, ItemId, ItemPointer, Packet},
};

/// A heap that is still arriving (spead2 `recv_live_heap.cpp`). Reused from heap to heap.
#[derive(Debug)]
pub(super) struct LiveHeap {
    cnt: HeapCnt,
    flavour: Flavour,
    heap_length: Option<u64>,
    /// Bytes of payload that have come.
    received: u64,
    /// How far the heap is known to reach.
    reach: u64,
    /// The highest address of an item pointer.
    last_address: u64,
    stop: bool,
    coverage: Coverage,
    pointers: Pointers,
    tally: Tally,
}

impl LiveHeap {
    pub(super) fn new(any_order: bool) -> Self {
        Self {
            cnt: HeapCnt::wrapped(0, Flavour::SPEAD_64_40),
            flavour: Flavour::SPEAD_64_40,
            heap_length: None,
            received: 0,
            reach: 0,
            last_address: 0,
            stop: false,
            coverage: Coverage::new(any_order),
            pointers: Pointers::default(),
            tally: Tally::default(),
        }
    }

    /// Becomes the heap that this packet is of, without the packet. The heap that it was has been cleared.
    pub(super) fn start(&mut self, packet: &Packet<'_>) {
        self.cnt = packet.cnt();
        self.flavour = packet.flavour();
        self.heap_length = None;
        (self.received, self.reach, self.last_address, self.stop) = (0, 0, 0, false);
        self.pointers.reset();
        self.tally.reset();
    }

    pub(super) const fn cnt(&self) -> HeapCnt {
        self.cnt
    }

    /// Whether an accepted packet had a stop item.
    pub(super) const fn stops(&self) -> bool {
        self.stop
    }

    /// Whether everything has come.
    pub(super) fn is_complete(&self) -> bool {
        self.heap_length == Some(self.received) && self.is_contiguous()
    }

    /// Whether nothing is missing as far as the heap is known to reach; its length may still be unknown.
    pub(super) const fn is_contiguous(&self) -> bool {
        self.received == self.reach
    }

    /// Whether a packet said how long the heap is.
    pub(super) const fn is_sized(&self) -> bool {
        self.heap_length.is_some()
    }

    /// Bytes of payload that have come.
    pub(super) const fn received(&self) -> u64 {
        self.received
    }

    pub(super) const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Takes what a packet says, or says why not; a refused packet leaves no trace. Its payload is to be
    /// [kept](Self::keep).
    #[inline(always)]
    pub(super) fn admit(&mut self, packet: &Packet<'_>, origin: Origin, limits: &Limits) -> Result<(), Refusal> {
        if let Some(given) = packet.heap_length() {
            if given > limits.heap_length {
                return Err(Ok(Rejection::HeapLengthLimit { given, limit: limits.heap_length }));
            }
            if let Some(known) = self.heap_length
                && known != given
            {
                return Err(Ok(Rejection::HeapLength { known, given }));
            }
            if given < self.reach {
                return Err(Ok(Rejection::HeapTooShort { reached: self.reach, given }));
            }
        }
        if !packet.flavour().same_widths(self.flavour) {
            return Err(Ok(Rejection::Flavour { known: self.flavour, given: packet.flavour() }));
        }
        // Pointers that repeat others are counted too, but only where the sum could matter.
        let items = self.pointers.len().saturating_add(packet.item_pointers().len() as u64);
        if items > limits.items && self.pointers.len_with(packet) > limits.items {
            return Err(Ok(Rejection::ItemLimit { items: self.pointers.len_with(packet), limit: limits.items }));
        }
        self.coverage.check(packet)?;

        let end = packet.payload_offset().saturating_add(packet.payload_length());
        self.reach = self.reach.max(packet.heap_length().unwrap_or(end));
        self.heap_length = packet.heap_length().or(self.heap_length);
        self.received = self.received.saturating_add(packet.payload_length());
        if packet.has_other_pointers() {
            let Self { pointers, stop, last_address, .. } = self;
            // Also the addresses of null and special ids bound the heap.
            pointers.add(packet, |pointer| match pointer {
                ItemPointer::Address { address, .. } => *last_address = address.max(*last_address),
                ItemPointer::Immediate { .. } => *stop |= is_stop(pointer),
            });
            self.reach = self.reach.max(self.last_address);
        }
        self.tally.add(origin);
        Ok(())
    }

    /// Takes the payload `range`, of a packet that was admitted; `add` adds its bytes to those before it.
    #[inline(always)]
    pub(super) fn keep(&mut self, range: Range<u64>, add: impl FnOnce(&mut Pieces)) {
        self.coverage.keep(range, add);
    }

    /// The heap, if it is contiguous. Its payload goes with it.
    #[inline(always)]
    pub(super) fn heap(&mut self, bug_compat: BugCompat, extents: &mut Extents) -> Heap {
        extents.measure(self.pointers.in_order(self.flavour), self.reach);
        let flavour = self.flavour.with_bug_compat(bug_compat);
        extents.heap(flavour, |range| self.coverage.take(range))
    }

    /// What has come of a heap that is not contiguous.
    pub(super) fn incomplete(&mut self, bug_compat: BugCompat, ending: Ending) -> IncompleteHeap {
        let flavour = self.flavour.with_bug_compat(bug_compat);
        let immediates = self.pointers.in_order(flavour).filter_map(|pointer| match pointer {
            ItemPointer::Immediate { id, value } if id != ItemId::NULL => Some(Item::immediate(id, value, flavour)),
            _ => None,
        });
        let immediates = Heap::from_items(flavour, immediates.collect());
        let partial = Partial {
            cnt: self.cnt,
            origin: self.tally.first(),
            immediates,
            heap_length: self.heap_length,
            reach: self.reach,
            last_address: self.last_address,
            received_length: self.received,
            payload_ranges: self.coverage.ranges(),
            packets: self.tally.total(),
            ending,
        };
        IncompleteHeap { partial: Box::new(partial) }
    }

    /// Lets go of the payload.
    pub(super) fn clear(&mut self) {
        self.coverage.reset();
    }
}

fn is_stop(pointer: ItemPointer) -> bool {
    const STOP: u64 = StreamControl::Stop as u64;
    matches!(pointer, ItemPointer::Immediate { id: ItemId::STREAM_CONTROL, value: STOP })
}

/// How many packets of a heap came from whom.
#[derive(Debug)]
pub(super) struct Tally {
    /// Of an empty tally it says nothing.
    first: (Origin, u64),
    others: Vec<(Origin, u64)>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { first: (Origin::FOREIGN, 0), others: Vec::new() }
    }
}

impl Tally {
    fn reset(&mut self) {
        self.first = (Origin::FOREIGN, 0);
        self.others.clear();
    }

    #[inline]
    fn add(&mut self, origin: Origin) {
        let (first, count) = &mut self.first;
        if *first == origin || *count == 0 {
            (*first, *count) = (origin, count.saturating_add(1));
        } else {
            self.add_other(origin);
        }
    }

    #[cold]
    fn add_other(&mut self, origin: Origin) {
        match self.others.iter_mut().find(|(other, _)| *other == origin) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.others.push((origin, 1)),
        }
    }

    /// Who sent the first packet that came.
    pub(super) const fn first(&self) -> Origin {
        self.first.0
    }

    pub(super) fn total(&self) -> u64 {
        self.others.iter().fold(self.first.1, |total, (_, count)| total.saturating_add(*count))
    }

    /// Who sent the first packet that came, and how many.
    pub(super) const fn leading(&self) -> (Origin, u64) {
        self.first
    }

    /// Who else sent packets, and how many.
    pub(super) fn others(&self) -> &[(Origin, u64)] {
        &self.others
    }
}
