use std::collections::HashMap;

use crate::{
    descriptor::{Descriptor, Value},
    heap::{Heap, Item},
};

/// What the heaps so far have said about items.
#[derive(Debug, Default)]
pub(in crate::harness) struct Known {
    by_id: HashMap<u64, Descriptor>,
}

impl Known {
    /// Takes in the descriptors that a heap carries; the last word counts.
    pub(in crate::harness) fn learn(&mut self, heap: &Heap) {
        let bug_compat = heap.flavour().bug_compat();
        for raw in heap.raw_descriptors() {
            match Descriptor::from_raw(&raw, bug_compat) {
                Ok(descriptor) => drop(self.by_id.insert(raw.id, descriptor)),
                Err(_) => drop(self.by_id.remove(&raw.id)),
            }
        }
    }

    pub(in crate::harness) fn descriptor(&self, item: &Item) -> Option<&Descriptor> {
        self.by_id.get(&item.id().get())
    }

    /// The value of an item, if it is known what it is and it can be read.
    pub(in crate::harness) fn value(&self, item: &Item) -> Option<(&Descriptor, Value)> {
        let descriptor = self.descriptor(item)?;
        Some((descriptor, descriptor.decode(item).ok()?))
    }
}
