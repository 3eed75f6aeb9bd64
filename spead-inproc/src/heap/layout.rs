//! How items lie in a heap's payload, in both directions.
//!
//! Out: addressed items follow each other in item order, without gaps (spead2 `send_heap.h`). In: an addressed item ends
//! where the next addressed pointer points, or where the heap ends (`recv_heap.cpp`).

use std::ops::Range;

use super::Heap;
use crate::wire::{ItemId, ItemPointer};

/// A walk over the item pointers of a heap that is sent, in item order.
#[derive(Debug, Clone)]
pub(crate) struct Layout<'h> {
    heap: &'h Heap,
    next: usize,
    address: u64,
}

impl<'h> Layout<'h> {
    pub(crate) const fn new(heap: &'h Heap) -> Self {
        Self { heap, next: 0, address: 0 }
    }
}

impl Iterator for Layout<'_> {
    type Item = ItemPointer;

    fn next(&mut self) -> Option<ItemPointer> {
        let item = self.heap.items().get(self.next)?;
        self.next += 1;
        let id = item.id();
        Some(match item.as_immediate() {
            Some(value) => ItemPointer::Immediate { id, value },
            None => {
                let address = self.address;
                self.address += item.addressed_length();
                ItemPointer::Address { id, address }
            }
        })
    }
}

/// Where the addressed items of a received heap lie in its payload.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// Of every addressed pointer that is an item: its place among the pointers, and its bytes; by address.
    pub(crate) spans: Vec<(usize, Range<u64>)>,
}

impl Bounds {
    /// From the pointers in the order in which the sender wrote them, and the length of the payload.
    ///
    /// Of several pointers to one address only the last has bytes. Null pointers bound their neighbour and are no items.
    pub(crate) fn new(pointers: &[ItemPointer], payload_length: u64) -> Self {
        let mut starts: Vec<(u64, usize)> = pointers
            .iter()
            .enumerate()
            .filter_map(|(at, pointer)| match pointer {
                ItemPointer::Address { address, .. } => Some((*address, at)),
                ItemPointer::Immediate { .. } => None,
            })
            .collect();
        if !starts.is_sorted() {
            starts.sort_unstable();
        }
        let ends = starts.iter().skip(1).map(|(address, _)| *address).chain([payload_length]);
        let spans = starts
            .iter()
            .zip(ends)
            .filter(|((_, at), _)| {
                !matches!(pointers.get(*at), Some(ItemPointer::Address { id: ItemId::NULL, .. }))
            })
            .map(|((start, at), end)| (*at, *start..end.max(*start)))
            .collect();
        Self { spans }
    }
}
