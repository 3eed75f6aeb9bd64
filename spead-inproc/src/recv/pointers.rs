use std::collections::{HashMap, HashSet};

use crate::wire::{Flavour, ItemPointer, Packet};

/// The item pointers of a live heap, each once however often it was repeated.
#[derive(Debug, Default)]
pub(super) struct Pointers {
    list: Vec<Placed>,
    /// Where each stands in `list`; made when the list grows long.
    index: HashMap<u64, usize>,
    /// Whether `list` is in the sender's order.
    sorted: bool,
}

/// A pointer, and the first packet (by place in the heap) that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Placed {
    payload_offset: u64,
    payload_length: u64,
    position: usize,
    raw: u64,
}

const LONG: usize = 16;

impl Pointers {
    pub(super) fn reset(&mut self) {
        self.list.clear();
        self.index.clear();
        self.sorted = true;
    }

    /// Takes the item pointers of an accepted packet, and shows each to `seen`.
    #[inline]
    pub(super) fn add(&mut self, packet: &Packet<'_>, mut seen: impl FnMut(ItemPointer)) {
        let flavour = packet.flavour();
        // Repeated pointers come in the same order each time.
        let mut expected = 0_usize;
        for (position, raw) in packet.other_pointers() {
            let pointer = ItemPointer::decode(raw, flavour);
            seen(pointer);
            // What is left of the special ids are addresses, which are no items.
            if pointer.id().is_special() {
                continue;
            }
            let placed = Placed {
                payload_offset: packet.payload_offset(),
                payload_length: packet.payload_length(),
                position,
                raw,
            };
            let known = match self.list.get(expected) {
                Some(next) if next.raw == raw => Some(expected),
                _ => self.find(raw),
            };
            match known.and_then(|at| Some((at, self.list.get_mut(at)?))) {
                Some((at, known)) => {
                    expected = at.saturating_add(1);
                    if placed < *known {
                        *known = placed;
                        self.sorted = false;
                    }
                }
                None => self.push(placed),
            }
        }
    }

    /// How many different ones there are.
    pub(super) const fn len(&self) -> u64 {
        self.list.len() as u64
    }

    /// How many there would be with those of this packet.
    pub(super) fn len_with(&self, packet: &Packet<'_>) -> u64 {
        let special = |raw: &u64| ItemPointer::decode(*raw, packet.flavour()).id().is_special();
        let others = packet.other_pointers().map(|(_, raw)| raw);
        let new: HashSet<u64> = others.filter(|raw| !special(raw) && self.find(*raw).is_none()).collect();
        self.len().saturating_add(new.len() as u64)
    }

    fn find(&self, raw: u64) -> Option<usize> {
        if self.list.len() < LONG {
            return self.list.iter().position(|placed| placed.raw == raw);
        }
        self.index.get(&raw).copied()
    }

    fn push(&mut self, placed: Placed) {
        self.sorted &= self.list.last().is_none_or(|last| *last < placed);
        self.list.push(placed);
        let len = self.list.len();
        if len == LONG {
            self.reindex();
        } else if len > LONG {
            self.index.insert(placed.raw, len.saturating_sub(1));
        }
    }

    fn reindex(&mut self) {
        if self.list.len() >= LONG {
            self.index.extend(self.list.iter().enumerate().map(|(at, placed)| (placed.raw, at)));
        }
    }

    /// The pointers in the order in which the sender wrote them: by packet, then by place in the packet.
    pub(super) fn in_order(&mut self, flavour: Flavour) -> impl Iterator<Item = ItemPointer> + '_ {
        if !self.sorted {
            self.list.sort_unstable();
            self.sorted = true;
            self.reindex();
        }
        self.list.iter().map(move |placed| ItemPointer::decode(placed.raw, flavour))
    }
}
