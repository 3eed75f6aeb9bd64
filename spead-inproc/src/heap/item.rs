use std::fmt;

use bytes::Bytes;

use crate::wire::{Flavour, ItemId};

/// One value of a heap, and the id that says what it is.
///
/// Immediate or addressed is decided when the item is made and never changes: a received item is what the sender made it.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    id: ItemId,
    body: ItemBody,
}

/// Where an item's value travels.
#[derive(Clone, PartialEq, Eq)]
enum ItemBody {
    /// In the item pointer itself: a number as wide as the flavour's addresses.
    Immediate(Number),
    /// In the heap's payload.
    Addressed(Bytes),
}

/// Made of whole words, as the other variant is, so that items are moved word by word.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Number {
    /// The eight bytes of the number, most significant first.
    be_bytes: [u8; 8],
    /// How many of them, from the end, the flavour has room for.
    width: usize,
}

impl Item {
    /// The value is cut to the flavour's width; callers have checked it.
    pub(crate) const fn immediate(id: ItemId, value: u64, flavour: Flavour) -> Self {
        let width = flavour.address_bytes();
        let be_bytes = (value & flavour.max_immediate()).to_be_bytes();
        Self { id, body: ItemBody::Immediate(Number { be_bytes, width }) }
    }

    pub(crate) const fn addressed(id: ItemId, value: Bytes) -> Self {
        Self { id, body: ItemBody::Addressed(value) }
    }

    /// What the item is.
    #[must_use]
    pub const fn id(&self) -> ItemId {
        self.id
    }

    /// Whether the value travels in the item pointer.
    #[must_use]
    pub const fn is_immediate(&self) -> bool {
        matches!(self.body, ItemBody::Immediate(_))
    }

    /// The value of an immediate item; of an addressed one, nothing.
    #[must_use]
    pub const fn as_immediate(&self) -> Option<u64> {
        match self.body {
            ItemBody::Immediate(Number { be_bytes, .. }) => Some(u64::from_be_bytes(be_bytes)),
            ItemBody::Addressed(_) => None,
        }
    }

    /// The shared buffer of an addressed item; of an immediate one, nothing.
    #[must_use]
    pub const fn as_addressed(&self) -> Option<&Bytes> {
        match &self.body {
            ItemBody::Immediate(_) => None,
            ItemBody::Addressed(bytes) => Some(bytes),
        }
    }

    /// The bytes of the value. Those of an immediate item are the whole address field: 6 in SPEAD-64-48.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            ItemBody::Immediate(Number { be_bytes, width }) => &be_bytes[be_bytes.len() - *width..],
            ItemBody::Addressed(bytes) => bytes,
        }
    }

    /// The bytes of the value as a handle of their own: of an addressed item without a copy.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match &self.body {
            ItemBody::Immediate(_) => Bytes::copy_from_slice(self.bytes()),
            ItemBody::Addressed(bytes) => bytes.clone(),
        }
    }

    /// The bytes read as one unsigned number, most significant first; nothing if they do not fit 64 bits.
    #[must_use]
    pub fn as_unsigned(&self) -> Option<u64> {
        let bytes = self.bytes();
        (bytes.len() <= 8).then(|| bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// Bytes that the item takes in the heap's payload.
    pub(crate) const fn addressed_length(&self) -> u64 {
        match &self.body {
            ItemBody::Immediate(_) => 0,
            ItemBody::Addressed(bytes) => bytes.len() as u64,
        }
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.id, self.body)
    }
}

impl fmt::Debug for ItemBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 16;
        match self {
            Self::Immediate(Number { be_bytes, .. }) => write!(f, "= {}", u64::from_be_bytes(*be_bytes)),
            Self::Addressed(bytes) if bytes.len() <= SHOWN => write!(f, "{:02x?}", &bytes[..]),
            Self::Addressed(bytes) => write!(f, "{:02x?}… ({} bytes)", &bytes[..SHOWN], bytes.len()),
        }
    }
}
