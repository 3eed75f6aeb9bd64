//! The field's own streams: ids, types and shapes as MeerKAT's and its Extension's engines send them.
//!
//! Knows what the items of each stream are, how a heap of it is made and what a heap must have to belong to it. Must not know
//! streams or queues. Invariant: all heaps are SPEAD-64-48, and whatever [`Profile::heap`] makes, [`Profile::check`] accepts.

mod check;
mod heap;
mod streams;

pub use check::{Misfit, ProfileMismatch};
pub use heap::{ProfileHeap, ProfileHeapError};
pub use streams::{MISSING_VISIBILITY, baseline_index, baseline_products};

use crate::{
    descriptor::{Descriptor, GroupError, ItemGroup},
    heap::Heap,
    send::HeapReference,
    wire::{Flavour, HEADER_BYTES, POINTER_BYTES, SPECIAL_POINTERS},
};

/// Bytes of heap payload in a packet, unless the heap ends sooner (MeerKAT Extension).
const PACKET_PAYLOAD: usize = 8192;

/// One of the field's streams: which items its heaps have, and how its timestamps run.
///
/// ```
/// use spead_inproc::{Packetizer, profile::Profile};
///
/// let stream = Profile::digitiser();
/// let samples: Vec<i16> = (0..4096).map(|at| at % 1024 - 512).collect();
/// let heap = stream.heap(3).value("digitiser_id", 1u64).value("digitiser_status", 0u64).value("adc_samples", samples).build()?;
/// stream.check(&heap)?;
/// assert_eq!(heap.item(0x1600).unwrap().as_immediate(), Some(3 * 4096));
///
/// let packets = Packetizer::new(&heap, 1, stream.max_packet_size())?;
/// assert_eq!(packets.iter().map(|packet| packet.len()).collect::<Vec<_>>(), [5192]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Profile {
    name: &'static str,
    items: Vec<Descriptor>,
    /// The item that counts the stream's time, and by how much it grows from heap to heap.
    clock: (&'static str, u64),
}

impl Profile {
    /// The flavour of all these streams.
    pub const FLAVOUR: Flavour = Flavour::SPEAD_64_48;

    /// What the stream is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The items of a heap, in order.
    #[must_use]
    pub fn items(&self) -> &[Descriptor] {
        &self.items
    }

    /// The item with this name.
    #[must_use]
    pub fn item(&self, name: &str) -> Option<&Descriptor> {
        self.items.iter().find(|item| item.name() == name)
    }

    /// How much the item that counts time grows from heap to heap: ADC samples, but dumps in a stream of visibilities.
    #[must_use]
    pub const fn step(&self) -> u64 {
        self.clock.1
    }

    /// The same stream with another step.
    #[must_use]
    pub fn with_step(self, step: u64) -> Self {
        Self { clock: (self.clock.0, step), ..self }
    }

    /// The same items under the ids that a group has for their names: for streams whose ids are assigned, and learnt from
    /// descriptors. Items that the group does not know keep theirs.
    #[must_use]
    pub fn with_ids_of(self, group: &ItemGroup) -> Self {
        let renumber = |item: Descriptor| match group.item(item.name()) {
            Some(known) => item.with_id(known.id()),
            None => item,
        };
        Self { items: self.items.into_iter().map(renumber).collect(), ..self }
    }

    /// A group that knows the items, without values.
    #[must_use]
    pub fn group(&self) -> ItemGroup {
        let mut group = ItemGroup::new(Self::FLAVOUR);
        group.extend(self.items.iter().cloned());
        group
    }

    /// The heap that describes the items to a receiver.
    ///
    /// # Errors
    /// [`GroupError`] if an id does not fit the flavour, which only [`with_ids_of`](Self::with_ids_of) can bring about.
    pub fn descriptor_heap(&self) -> Result<Heap, GroupError> {
        let mut builder = Heap::builder(Self::FLAVOUR);
        for item in &self.items {
            builder = builder.descriptor(item)?;
        }
        Ok(builder.build()?)
    }

    /// Starts the heap with this index; its time is the index times the step. The other items need a value each.
    pub fn heap(&self, index: u64) -> ProfileHeap<'_> {
        ProfileHeap::new(self, index)
    }

    /// The heap as such streams are sent: all item pointers in each packet, since receivers place packets by them.
    #[must_use]
    pub fn reference<'h>(&self, heap: &'h Heap) -> HeapReference<'h> {
        HeapReference::from(heap).repeat_pointers()
    }

    /// The packet size, in bytes, that carries 8192 bytes of payload with all item pointers.
    #[must_use]
    pub fn max_packet_size(&self) -> usize {
        HEADER_BYTES + POINTER_BYTES * (SPECIAL_POINTERS + self.items.len()) + PACKET_PAYLOAD
    }
}
