use super::Limits;
use crate::{
    heap::{Extents, Heap},
    wire::{BugCompat, FEW_POINTERS, Flavour, ItemId, ItemPointer, Packet},
};

/// The heap of a packet that carries all of it, if the packet is as plain as most: few items of the user's own, none
/// repeated, none beyond the end, and a payload in one piece. Any other goes the way of heaps of several packets.
#[inline]
pub(super) fn plain_heap(
    packet: &Packet<'_>,
    limits: &Limits,
    bug_compat: BugCompat,
    extents: &mut Extents,
) -> Option<Heap> {
    let pointers = plain_pointers(packet, limits).filter(|_| packet.payload().more().is_empty())?;
    let flavour = packet.flavour();
    extents.measure(pointers.iter().map(|word| decode(word, flavour)), packet.payload_length());
    let payload = packet.payload().first();
    Some(extents.heap(flavour.with_bug_compat(bug_compat), |range| payload.part(range)))
}

/// Whether a plain packet, which was cut from this heap, carries all of it: then what arrives is the heap itself.
#[inline(always)]
pub(super) fn is_all_of(packet: &Packet<'_>, heap: &Heap, limits: &Limits, bug_compat: BugCompat) -> bool {
    packet.heap_length() == Some(packet.payload_length())
        && packet.flavour().with_bug_compat(bug_compat) == heap.flavour()
        && heap.is_by_address()
        && plain_pointers(packet, limits).is_some_and(|pointers| says_all_of(packet, pointers, heap))
}

/// The item pointers besides the special ones, if they are few and of the user's own items, each once, and within the heap.
#[inline(always)]
fn plain_pointers<'p>(packet: &Packet<'p>, limits: &Limits) -> Option<&'p [Word]> {
    let pointers = packet.usual_pointers()?;
    let count = packet.item_pointers().len() as u64;
    let few = pointers.len() <= FEW_POINTERS && count <= limits.items && packet.payload_length() <= limits.heap_length;
    if !few {
        return None;
    }
    for (at, word) in pointers.iter().enumerate() {
        let pointer = decode(word, packet.flavour());
        let beyond = matches!(pointer, ItemPointer::Address { address, .. } if address > packet.payload_length());
        let known = at > 0 && pointers.get(..at).is_some_and(|before| before.contains(word));
        if pointer.id() <= ItemId::STREAM_CONTROL || beyond || known {
            return None;
        }
    }
    Some(pointers)
}

/// Whether the pointers say just what the heap has, and the payload is the heap's own memory.
#[inline(always)]
fn says_all_of(packet: &Packet<'_>, pointers: &[Word], heap: &Heap) -> bool {
    let mut segments = packet.payload().segments();
    let mut end = 0_u64;
    for (word, item) in pointers.iter().zip(heap.items()) {
        let same = match (decode(word, packet.flavour()), item.as_addressed()) {
            (ItemPointer::Immediate { id, value }, None) => id == item.id() && item.as_immediate() == Some(value),
            (ItemPointer::Address { id, address }, Some(bytes)) if id == item.id() && address == end => {
                end = end.saturating_add(bytes.len() as u64);
                bytes.is_empty() || segments.next().is_some_and(|segment| segment.is_all_of(bytes))
            }
            _ => false,
        };
        if !same {
            return false;
        }
    }
    pointers.len() == heap.items().len() && end == packet.payload_length()
}

type Word = [u8; 8];

#[inline]
const fn decode(word: &Word, flavour: Flavour) -> ItemPointer {
    ItemPointer::decode(u64::from_be_bytes(*word), flavour)
}
