use std::collections::HashMap;

use super::{GroupError, ItemGroup};
use crate::heap::{Heap, HeapBuilder};

/// Makes heaps of a group's items, and remembers what it has put into them.
///
/// Each item's descriptor comes right before its value. The rules are those of spead2's `HeapGenerator` (`send/__init__.py`), its
/// peculiarities included. One generator serves one group.
///
/// ```
/// use spead_inproc::{Descriptor, Flavour, HeapGenerator, ItemGroup, Value};
///
/// let mut group = ItemGroup::new(Flavour::SPEAD_64_48);
/// group.add(Descriptor::new(0x1600, "timestamp", "ADC samples").format("u48"), Value::from(0u64))?;
///
/// let mut generator = HeapGenerator::new().descriptor_frequency(100);
/// assert_eq!(generator.heap(&group)?.items().len(), 2); // descriptor and value
/// assert_eq!(generator.heap(&group)?.items().len(), 0); // nothing is new
/// group.set("timestamp", 4096u64)?;
/// assert_eq!(generator.heap(&group)?.items().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct HeapGenerator {
    descriptor_frequency: Option<u64>,
    heaps: u64,
    sent: HashMap<u64, Sent>,
}

/// What is known of the item with some id.
#[derive(Debug, Clone)]
struct Sent {
    /// Which item it was.
    identity: u64,
    /// Its version when its value was last sent.
    version: Option<u64>,
    /// The number of the heap that last had its descriptor.
    described: Option<u64>,
}

/// Which descriptors or values go into a heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Selection {
    /// Those that have changed since they were last sent.
    #[default]
    Stale,
    /// All of them.
    All,
    /// None of them.
    None,
}

impl HeapGenerator {
    /// A generator that has sent nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends every descriptor again after so many heaps.
    #[must_use]
    pub fn descriptor_frequency(self, heaps: u64) -> Self {
        Self { descriptor_frequency: Some(heaps), ..self }
    }

    /// A heap with what has changed.
    ///
    /// # Errors
    /// [`GroupError`] if a value does not go with its descriptor, or the flavour cannot carry an item. What was put into
    /// the heap before the item that failed, its own descriptor included, counts as sent.
    pub fn heap(&mut self, group: &ItemGroup) -> Result<Heap, GroupError> {
        self.heap_with(group, Selection::Stale, Selection::Stale)
    }

    /// A heap with these descriptors and values.
    ///
    /// # Errors
    /// As [`heap`](Self::heap).
    pub fn heap_with(
        &mut self,
        group: &ItemGroup,
        descriptors: Selection,
        data: Selection,
    ) -> Result<Heap, GroupError> {
        let builder = self.add_to(Heap::builder(group.flavour()), group, descriptors, data)?;
        Ok(builder.build()?)
    }

    /// Adds these descriptors and values to a heap in the making.
    ///
    /// # Errors
    /// As [`heap`](Self::heap).
    pub fn add_to(
        &mut self,
        mut builder: HeapBuilder,
        group: &ItemGroup,
        descriptors: Selection,
        data: Selection,
    ) -> Result<HeapBuilder, GroupError> {
        for (identity, item) in group.identified() {
            let sent = self.sent.entry(item.id()).or_insert(Sent { identity, version: None, described: None });
            let describe = match descriptors {
                Selection::All => true,
                Selection::None => false,
                Selection::Stale => sent.needs_descriptor(identity, self.heaps, self.descriptor_frequency),
            };
            if describe {
                builder = builder.descriptor(item.descriptor())?;
                sent.described = Some(self.heaps);
            }
            if let Some(value) = item.value()
                && (data == Selection::All || data == Selection::Stale && sent.version != Some(item.version()))
            {
                builder = builder.value(item.descriptor(), value)?;
                sent.version = Some(item.version());
            }
        }
        self.heaps += 1;
        Ok(builder)
    }
}

impl Sent {
    /// The tests come in spead2's order, and one that holds hides those below: a replacement that another test hides is
    /// noticed later.
    fn needs_descriptor(&mut self, identity: u64, heaps: u64, frequency: Option<u64>) -> bool {
        let Some(described) = self.described else {
            return true;
        };
        if frequency.is_some_and(|frequency| heaps - described >= frequency) {
            return true;
        }
        let replaced = self.identity != identity;
        if replaced {
            self.identity = identity;
            self.version = None;
        }
        replaced
    }
}
