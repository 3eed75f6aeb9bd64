//! How items lie in a heap's payload, in both directions.
//!
//! Out: addressed items follow each other in item order, without gaps (spead2 `send_heap.h`). In: an addressed item ends
//! where the next addressed pointer points, or where the heap ends (`recv_heap.cpp`).

use std::ops::Range;

use bytes::Bytes;

use triomphe::ThinArc;

use super::{Common, Heap, Item};
use crate::wire::{Flavour, ItemId, ItemPointer};

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

    /// Where the next addressed item starts; after the last, the length of the payload.
    pub(crate) const fn address(&self) -> u64 {
        self.address
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

/// The items of a received heap: pointers with where their bytes end. Reused from heap to heap.
#[derive(Debug, Default)]
pub(crate) struct Extents {
    /// In the order in which the sender wrote them: the pointer, and the end of its bytes if it is addressed.
    items: Vec<(ItemPointer, u64)>,
    /// Whether addresses rise in this order: mostly they do.
    rising: bool,
    /// Addresses and places in `items`, by address, if they do not.
    starts: Vec<(u64, usize)>,
}

impl Extents {
    /// From the pointers in the order in which the sender wrote them, and the length of the payload.
    ///
    /// Of several pointers to one address only the last has bytes. Null pointers bound their neighbour and are no items.
    pub(crate) fn measure(&mut self, pointers: impl Iterator<Item = ItemPointer>, payload_length: u64) {
        self.items.clear();
        let (mut last, mut rising, mut nulls) = (None, true, false);
        for pointer in pointers {
            if let ItemPointer::Address { address, .. } = pointer
                && let Some((start, at)) = last.replace((address, self.items.len()))
            {
                rising &= start <= address;
                self.items[at].1 = address;
            }
            nulls |= pointer.id() == ItemId::NULL;
            self.items.push((pointer, payload_length));
        }
        self.rising = rising;
        if !rising {
            self.sort_ends(payload_length);
        }
        if nulls {
            self.items.retain(|(pointer, _)| pointer.id() != ItemId::NULL);
        }
    }

    /// Finds where items end whose addresses do not rise.
    fn sort_ends(&mut self, payload_length: u64) {
        self.starts.clear();
        self.starts.extend(self.items.iter().enumerate().filter_map(|(at, (pointer, _))| match pointer {
            ItemPointer::Address { address, .. } => Some((*address, at)),
            ItemPointer::Immediate { .. } => None,
        }));
        self.starts.sort_unstable();
        let ends = self.starts.iter().skip(1).map(|(address, _)| *address).chain([payload_length]);
        for ((_, at), end) in self.starts.iter().zip(ends) {
            self.items[*at].1 = end;
        }
    }

    /// The heap: each item with its bytes taken from `payload`.
    #[inline]
    pub(crate) fn heap(&self, flavour: Flavour, mut payload: impl FnMut(Range<u64>) -> Bytes) -> Heap {
        let length = |(pointer, end): &(ItemPointer, u64)| match pointer {
            ItemPointer::Immediate { .. } => 0,
            ItemPointer::Address { address, .. } => end.saturating_sub(*address),
        };
        let payload_length = self.items.iter().map(length).sum();
        let common = Common { flavour, payload_length, by_address: self.by_address() };
        let item = |(pointer, end): &(ItemPointer, u64)| match *pointer {
            ItemPointer::Immediate { id, value } => Item::immediate(id, value, flavour),
            ItemPointer::Address { id, address } => Item::addressed(id, payload(address..(*end).max(address))),
        };
        Heap { shared: ThinArc::from_header_and_iter(common, self.items.iter().map(item)) }
    }

    /// The places of the addressed items by address, if that is not the order in which they stand.
    fn by_address(&self) -> Option<Box<[usize]>> {
        if self.rising {
            return None;
        }
        let address = |at: &usize| match self.items[*at].0 {
            ItemPointer::Address { address, .. } => Some(address),
            ItemPointer::Immediate { .. } => None,
        };
        let mut places: Vec<_> = (0..self.items.len()).filter(|at| address(at).is_some()).collect();
        places.sort_by_key(address);
        Some(places.into())
    }
}
