use std::fmt;

use super::Profile;
use crate::{
    descriptor::{Descriptor, Value, ValueError},
    heap::{Heap, Item},
    wire::{Flavour, ItemId},
};

impl Profile {
    /// Whether a data heap belongs to the stream: exactly its items, each once, carried as they should be, with the size that its shape
    /// takes, and a time that is a multiple of the step. Descriptors and stream control are passed over.
    ///
    /// # Errors
    /// [`ProfileMismatch`] with everything that does not fit.
    pub fn check(&self, heap: &Heap) -> Result<(), ProfileMismatch> {
        let mut misfits = Vec::new();
        if !heap.flavour().same_widths(Self::FLAVOUR) {
            misfits.push(Misfit::Flavour { found: heap.flavour() });
        }
        for item in self.items() {
            let found: Vec<_> = heap.items().iter().filter(|found| found.id() == item.id()).collect();
            match found[..] {
                [found] => self.check_item(item, found, &mut misfits),
                _ => misfits.push(Misfit::Count { name: item.name().to_owned(), id: item.id(), found: found.len() }),
            }
        }
        let unknown = heap
            .items()
            .iter()
            .map(|item| item.id().get())
            .filter(|id| *id > ItemId::STREAM_CONTROL.get() && self.items().iter().all(|item| item.id() != *id));
        misfits.extend(unknown.map(|id| Misfit::UnknownItem { id }));
        if misfits.is_empty() { Ok(()) } else { Err(ProfileMismatch { profile: self.name(), misfits }) }
    }

    fn check_item(&self, item: &Descriptor, found: &Item, misfits: &mut Vec<Misfit>) {
        let name = || item.name().to_owned();
        // Every item has a fixed shape, whose size its descriptor has checked.
        let elements = item.shape().known_elements().unwrap_or(0) as u64;
        let bytes = (elements * item.element_bits()).div_ceil(8);
        let immediate = item.allows_immediate() && bytes <= Self::FLAVOUR.address_bytes() as u64;
        if found.is_immediate() != immediate {
            misfits.push(Misfit::Carried { name: name(), immediate });
        }
        if !found.is_immediate() && found.bytes().len() as u64 != bytes {
            misfits.push(Misfit::Length { name: name(), want: bytes, found: found.bytes().len() as u64 });
            return;
        }
        match item.decode(found) {
            Err(error) => misfits.push(Misfit::Value(error)),
            Ok(value) if item.name() == self.clock.0 => {
                let time = value.as_u64();
                if !time.is_some_and(|time| time.is_multiple_of(self.step().max(1))) {
                    misfits.push(Misfit::Time { name: name(), found: value, step: self.step() });
                }
            }
            Ok(_) => {}
        }
    }
}

/// A heap that does not belong to a stream.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProfileMismatch {
    /// The stream.
    pub profile: &'static str,
    /// Everything that does not fit.
    pub misfits: Vec<Misfit>,
}

impl std::error::Error for ProfileMismatch {}

impl fmt::Display for ProfileMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is no {} heap:", self.profile)?;
        for (at, misfit) in self.misfits.iter().enumerate() {
            write!(f, "{} {misfit}", if at == 0 { "" } else { ";" })?;
        }
        Ok(())
    }
}

/// One thing about a heap that does not fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// The flavour is another.
    #[error("it is {found}, not {}", Profile::FLAVOUR)]
    Flavour {
        /// The heap's flavour.
        found: Flavour,
    },
    /// An item is missing, or there more than once.
    #[error("item {id:#06x} \"{name}\" is there {found} times, not once")]
    Count {
        /// The item's name.
        name: String,
        /// The item's id.
        id: u64,
        /// How often it is there.
        found: usize,
    },
    /// An item is none of the stream's.
    #[error("item {id:#06x} is none of its items")]
    UnknownItem {
        /// The item's id.
        id: u64,
    },
    /// An item travels in the pointer where it should not, or the other way round.
    #[error("item \"{name}\" should be {}", if *immediate { "immediate" } else { "addressed" })]
    Carried {
        /// The item's name.
        name: String,
        /// Whether it should be immediate.
        immediate: bool,
    },
    /// An item is shorter or longer than its shape.
    #[error("item \"{name}\" has {found} bytes, not {want}")]
    Length {
        /// The item's name.
        name: String,
        /// Bytes that its shape takes.
        want: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// The heap's time is not a multiple of the step.
    #[error("item \"{name}\" is {found:?}, which is no multiple of {step}")]
    Time {
        /// The item's name.
        name: String,
        /// What it is.
        found: Value,
        /// What it should be a multiple of.
        step: u64,
    },
    /// An item cannot be read.
    #[error(transparent)]
    Value(ValueError),
}
