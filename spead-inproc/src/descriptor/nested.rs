use super::RawDescriptor;
use crate::{
    heap::{Heap, Origin},
    recv::{Event, Outcome, Reassembler, RecvConfig},
    wire::{ItemId, Packet},
};

impl Heap {
    /// The descriptors that the heap carries, in order, read under the old mistakes of its flavour.
    ///
    /// Each is a heap in an item with id 0x05, cut into packets that stand back to back. One that is broken or incomplete,
    /// or that does not say which item it describes, is missing; a stop item ends the list (spead2 `recv_heap.cpp`).
    #[must_use]
    pub fn raw_descriptors(&self) -> Vec<RawDescriptor> {
        let bug_compat = self.flavour().bug_compat();
        // The old mistakes are in the fields, not in the packets; a flavour may have some that no receiver knows.
        let nested = RecvConfig { max_heaps: 1, ..RecvConfig::default() };
        let items = || self.items_in_spead2_order().filter(|item| item.id() == ItemId::DESCRIPTOR);
        if items().next().is_none() {
            return Vec::new();
        }
        let Ok(mut reassembler) = Reassembler::new(nested) else { return Vec::new() };
        for item in items() {
            let mut rest = item.to_bytes();
            while let Ok((packet, size)) = Packet::parse_prefix(&rest) {
                if reassembler.push(&packet, Origin::FOREIGN) == Outcome::Stopped {
                    break;
                }
                rest = rest.slice(size..);
            }
            reassembler.flush();
        }
        let heaps = std::iter::from_fn(|| reassembler.pop()).filter_map(Event::into_heap);
        heaps.filter_map(|heap| RawDescriptor::from_heap(&heap, bug_compat)).collect()
    }
}
