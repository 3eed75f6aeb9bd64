use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    ops::{Deref, Index},
};

use super::{Descriptor, DescriptorError, GroupError, HeapGenerator, Shape, UpdateError, UpdateProblem, Value};
use crate::{
    heap::Heap,
    wire::{Flavour, ItemId},
};

/// Items by name: what each is, and the value that it has now.
///
/// The same type serves both ends. A sender [`add`](Self::add)s items, [`set`](Self::set)s their values and sends what
/// [`heap`](Self::heap) makes; a receiver [`update`](Self::update)s its group from every heap and learns the items from the descriptors in them.
/// Ids, names, versions and replacement are spead2's (`__init__.py`).
///
/// ```
/// use spead_inproc::{Descriptor, Flavour, ItemGroup, Value};
///
/// let mut sent = ItemGroup::new(Flavour::SPEAD_64_48);
/// sent.add(Descriptor::new(0x1600, "timestamp", "ADC samples").format("u48"), Value::from(2_097_152u64))?;
///
/// let mut received = ItemGroup::new(Flavour::SPEAD_64_48);
/// let updated = received.update(&sent.heap()?)?;
/// assert_eq!(updated, ["timestamp"]);
/// assert_eq!(received["timestamp"].value().unwrap().as_u64(), Some(2_097_152));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ItemGroup {
    flavour: Flavour,
    /// By the order in which they came; the keys are never used again.
    items: BTreeMap<u64, GroupItem>,
    by_id: HashMap<u64, u64>,
    by_name: HashMap<String, u64>,
    next: u64,
    generator: HeapGenerator,
}

/// One item of a group.
#[derive(Debug, Clone)]
pub struct GroupItem {
    descriptor: Descriptor,
    value: Option<Value>,
    version: u64,
}

impl GroupItem {
    /// The item's id.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.descriptor.id()
    }

    /// What the item is called.
    #[must_use]
    pub fn name(&self) -> &str {
        self.descriptor.name()
    }

    /// What the item is.
    #[must_use]
    pub const fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// Elements along each dimension, as the descriptor says.
    #[must_use]
    pub const fn shape(&self) -> &Shape {
        self.descriptor.shape()
    }

    /// The value that the item has now; nothing if it has had none.
    #[must_use]
    pub const fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// A number that grows with every change: by one if a value is set, by two if a heap brings it; an item that replaces others starts above
    /// them.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }
}

impl ItemGroup {
    /// A group without items, whose heaps have this flavour.
    #[must_use]
    pub fn new(flavour: Flavour) -> Self {
        Self {
            flavour,
            items: BTreeMap::new(),
            by_id: HashMap::new(),
            by_name: HashMap::new(),
            next: 0,
            generator: HeapGenerator::new(),
        }
    }

    /// The flavour of the heaps that the group makes.
    #[must_use]
    pub const fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// Adds an item, with a value or `None`.
    ///
    /// If the group has the very same descriptor, that item stays and takes the value, if there is one. Otherwise the new item takes the
    /// place of all that share its id or its name. The value is not held against the descriptor before it is sent.
    ///
    /// # Errors
    /// [`DescriptorError`] if what is being built is no descriptor.
    pub fn add<D>(&mut self, descriptor: D, value: impl Into<Option<Value>>) -> Result<&GroupItem, DescriptorError>
    where
        D: TryInto<Descriptor>,
        DescriptorError: From<D::Error>,
    {
        let key = self.insert(descriptor.try_into()?, value.into());
        Ok(&self.items[&key])
    }

    /// The first id from 0x1000 that no item has.
    #[must_use]
    pub fn free_id(&self) -> u64 {
        let mut id = ItemId::FIRST_FREE.get();
        while self.by_id.contains_key(&id) {
            id += 1;
        }
        id
    }

    /// Gives an item a value, which its next heap will carry.
    ///
    /// # Errors
    /// [`GroupError::UnknownItem`] if there is no such item.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> Result<(), GroupError> {
        let item = self.item_mut(name)?;
        item.value = Some(value.into());
        item.version += 1;
        Ok(())
    }

    /// Has the item sent again with the value that it has.
    ///
    /// # Errors
    /// [`GroupError::UnknownItem`] if there is no such item.
    pub fn resend(&mut self, name: &str) -> Result<(), GroupError> {
        self.item_mut(name)?.version += 1;
        Ok(())
    }

    /// The item with this name.
    #[must_use]
    pub fn item(&self, name: &str) -> Option<&GroupItem> {
        self.items.get(self.by_name.get(name)?)
    }

    /// The item with this id.
    #[must_use]
    pub fn item_by_id(&self, id: u64) -> Option<&GroupItem> {
        self.items.get(self.by_id.get(&id)?)
    }

    /// All items, in the order in which they were added.
    pub fn items(&self) -> impl ExactSizeIterator<Item = &GroupItem> {
        self.items.values()
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// A heap with the descriptors that have not been sent and the values that have changed since the last.
    ///
    /// [`HeapGenerator`] leaves the choice to the caller.
    ///
    /// # Errors
    /// [`GroupError`] if a value does not go with its descriptor, or the flavour cannot carry an item.
    pub fn heap(&mut self) -> Result<Heap, GroupError> {
        let mut generator = std::mem::take(&mut self.generator);
        let heap = generator.heap(self);
        self.generator = generator;
        heap
    }

    /// Takes descriptors and values from a heap: first all descriptors, then the values, addressed ones by address and then immediates by
    /// value, as spead2 does. Empty items are passed over, and so are those below 0x7, which belong to the protocol.
    ///
    /// Says which items have a new value, and which ids nobody described.
    ///
    /// # Errors
    /// [`UpdateError`] at the first descriptor or value that cannot be read; it says what had been applied before, which stays. The heap's
    /// other items can still be read one by one, with [`Descriptor::decode`].
    pub fn update(&mut self, heap: &Heap) -> Result<Updated, UpdateError> {
        let mut applied = Updated::default();
        match self.apply(heap, &mut applied) {
            Ok(()) => Ok(applied),
            Err(problem) => Err(UpdateError { problem: Box::new(problem), applied }),
        }
    }

    fn apply(&mut self, heap: &Heap, applied: &mut Updated) -> Result<(), UpdateProblem> {
        for raw in heap.raw_descriptors() {
            let descriptor = Descriptor::from_raw(&raw, heap.flavour().bug_compat())?;
            applied.described.push(descriptor.name().to_owned());
            self.insert(descriptor, None);
        }
        for item in heap.items_in_spead2_order().filter(|item| item.id() > ItemId::STREAM_CONTROL) {
            let id = item.id().get();
            let Some(known) = self.by_id.get(&id).and_then(|key| self.items.get_mut(key)) else {
                if !applied.unknown.contains(&id) {
                    applied.unknown.push(id);
                }
                continue;
            };
            known.value = Some(known.descriptor.decode(item)?);
            known.version += 2;
            if !applied.names.iter().any(|name| name == known.name()) {
                applied.names.push(known.name().to_owned());
            }
        }
        Ok(())
    }

    /// The items with what tells them from their like: a number that no other item of the group has had.
    pub(super) fn identified(&self) -> impl Iterator<Item = (u64, &GroupItem)> {
        self.items.iter().map(|(key, item)| (*key, item))
    }

    fn item_mut(&mut self, name: &str) -> Result<&mut GroupItem, GroupError> {
        let key = self.by_name.get(name);
        key.and_then(|key| self.items.get_mut(key)).ok_or_else(|| GroupError::UnknownItem { name: name.to_owned() })
    }

    fn insert(&mut self, descriptor: Descriptor, value: Option<Value>) -> u64 {
        let same_id = self.by_id.get(&descriptor.id()).copied();
        if let Some(key) = same_id
            && let Some(item) = self.items.get_mut(&key)
            && item.descriptor == descriptor
        {
            if value.is_some() {
                item.value = value;
                item.version += 1;
            }
            return key;
        }
        let same_name = self.by_name.get(descriptor.name()).copied();
        let mut version = 1;
        for key in [same_id, same_name].into_iter().flatten() {
            if let Some(old) = self.items.remove(&key) {
                version = version.max(old.version + 1);
                self.by_id.remove(&old.id());
                self.by_name.remove(old.name());
            }
        }
        let key = self.next;
        self.next += 1;
        self.by_id.insert(descriptor.id(), key);
        self.by_name.insert(descriptor.name().to_owned(), key);
        self.items.insert(key, GroupItem { descriptor, value, version });
        key
    }
}

/// Adds items without values.
impl Extend<Descriptor> for ItemGroup {
    fn extend<I: IntoIterator<Item = Descriptor>>(&mut self, descriptors: I) {
        for descriptor in descriptors {
            self.insert(descriptor, None);
        }
    }
}

/// # Panics
/// If there is no item with this name.
impl Index<&str> for ItemGroup {
    type Output = GroupItem;

    fn index(&self, name: &str) -> &GroupItem {
        self.item(name).unwrap_or_else(|| panic!("no item \"{name}\" in the group"))
    }
}

/// # Panics
/// If there is no item with this id.
impl Index<u64> for ItemGroup {
    type Output = GroupItem;

    fn index(&self, id: u64) -> &GroupItem {
        self.item_by_id(id).unwrap_or_else(|| panic!("no item {id:#06x} in the group"))
    }
}

/// What a heap changed in a group: the names of the items that have a new value, each once, in the order of the first change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Updated {
    names: Vec<String>,
    described: Vec<String>,
    unknown: Vec<u64>,
}

impl Updated {
    /// The items that have a new value.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The items that the heap described, whether or not that was new.
    #[must_use]
    pub fn described(&self) -> &[String] {
        &self.described
    }

    /// The ids of items that nobody has described: their values are in the heap, and only there.
    #[must_use]
    pub fn unknown(&self) -> &[u64] {
        &self.unknown
    }
}

impl Deref for Updated {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.names
    }
}

impl<const N: usize> PartialEq<[&str; N]> for Updated {
    fn eq(&self, other: &[&str; N]) -> bool {
        self.names == *other
    }
}

/// `new values for xeng_raw, timestamp; described timestamp; unknown 0x1234`
impl fmt::Display for Updated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        write!(f, "new values for {}; described {}", or_none(&self.names), or_none(&self.described))?;
        if !self.unknown.is_empty() {
            let unknown: Vec<_> = self.unknown.iter().map(|id| format!("{id:#06x}")).collect();
            write!(f, "; nobody described {}", unknown.join(", "))?;
        }
        Ok(())
    }
}
