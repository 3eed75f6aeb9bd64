use super::Limits;
use crate::{
    heap::{Extents, Heap},
    wire::{BugCompat, ItemId, ItemPointer, Packet},
};

/// Item pointers that are compared with each other to find repetitions.
const FEW: usize = 12;

/// The heap of a packet that carries all of it, if the packet is as plain as most: few items of the user's own, none
/// repeated, none beyond the end, and a payload in one piece. Any other goes the way of heaps of several packets.
#[inline]
pub(super) fn plain_heap(
    packet: &Packet<'_>,
    limits: &Limits,
    bug_compat: BugCompat,
    extents: &mut Extents,
) -> Option<Heap> {
    let (flavour, length) = (packet.flavour(), packet.payload_length());
    let pointers = packet.item_pointers().len();
    if pointers > FEW
        || pointers as u64 > limits.items
        || length > limits.heap_length
        || !packet.payload().more().is_empty()
    {
        return None;
    }
    let mut plain = true;
    let pointers = packet.other_pointers().enumerate().map(|(others, (_, raw))| {
        let pointer = ItemPointer::decode(raw, flavour);
        let beyond = matches!(pointer, ItemPointer::Address { address, .. } if address > length);
        plain &= pointer.id() > ItemId::STREAM_CONTROL && !beyond && is_new(packet, others, raw);
        pointer
    });
    extents.measure(pointers, length);
    let payload = packet.payload().first();
    plain.then(|| extents.heap(flavour.with_bug_compat(bug_compat), |range| payload.part(range)))
}

/// Whether a pointer is not among the first `others`.
#[inline]
fn is_new(packet: &Packet<'_>, others: usize, raw: u64) -> bool {
    packet.other_pointers().take(others).all(|(_, before)| before != raw)
}
