use super::Profile;
use crate::{
    descriptor::{Value, ValueError},
    heap::{Heap, HeapError},
};

/// A heap of a profile in the making.
#[derive(Debug, Clone)]
#[must_use = "this is not a heap until `build` is called"]
pub struct ProfileHeap<'p> {
    profile: &'p Profile,
    values: Vec<(String, Value)>,
}

impl<'p> ProfileHeap<'p> {
    pub(super) fn new(profile: &'p Profile, index: u64) -> Self {
        let (clock, step) = profile.clock;
        let time = Value::from(index.wrapping_mul(step));
        Self { profile, values: vec![(clock.to_owned(), time)] }
    }

    /// Gives an item its value; the last counts.
    pub fn value(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.push((name.to_owned(), value.into()));
        self
    }

    /// The heap.
    ///
    /// # Errors
    /// [`ProfileHeapError`] if an item has no value, a value no item, or they do not go together.
    pub fn build(self) -> Result<Heap, ProfileHeapError> {
        let profile = self.profile;
        if let Some((name, _)) = self.values.iter().find(|(name, _)| profile.item(name).is_none()) {
            return Err(ProfileHeapError::UnknownItem { profile: profile.name(), name: name.clone() });
        }
        let mut builder = Heap::builder(Profile::FLAVOUR);
        for item in profile.items() {
            let value = self.values.iter().rfind(|(name, _)| name == item.name());
            let (_, value) = value
                .ok_or_else(|| ProfileHeapError::NoValue { profile: profile.name(), name: item.name().to_owned() })?;
            builder = builder.value(item, value)?;
        }
        Ok(builder.build()?)
    }
}

/// Why a heap does not come about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileHeapError {
    /// There is no such item in the stream.
    #[error("{profile} heaps have no item \"{name}\"")]
    UnknownItem {
        /// The stream.
        profile: &'static str,
        /// The name that was given.
        name: String,
    },
    /// An item has no value.
    #[error("{profile} heaps need a value for \"{name}\": add `.value(\"{name}\", ..)`")]
    NoValue {
        /// The stream.
        profile: &'static str,
        /// The item.
        name: String,
    },
    /// A value does not go with its item.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// The flavour cannot carry an item.
    #[error(transparent)]
    Heap(#[from] HeapError),
}
