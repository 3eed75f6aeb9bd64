use std::fmt;

use super::Flavour;

/// What an item is: a number of at most `63 − XX` bits in flavour `SPEAD-64-XX`.
///
/// Ids below 0x1000 belong to the protocol (SPEAD document, "Item identifiers"; spead2 `common_defines.h`).
/// Shown in hexadecimal, as everyone in the field writes them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId(u64);

impl ItemId {
    /// Padding: bounds the previous item's length, is never an item.
    pub const NULL: Self = Self(0x00);
    /// The heap cnt, in every packet.
    pub const HEAP_CNT: Self = Self(0x01);
    /// The length of the heap's payload in bytes; optional on receive.
    pub const HEAP_LENGTH: Self = Self(0x02);
    /// Where the packet's payload starts in the heap's, in bytes.
    pub const PAYLOAD_OFFSET: Self = Self(0x03);
    /// The length of the packet's payload in bytes.
    pub const PAYLOAD_LENGTH: Self = Self(0x04);
    /// A descriptor: its value is itself one or more SPEAD packets.
    pub const DESCRIPTOR: Self = Self(0x05);
    /// Stream control: 0 starts a stream, 2 stops it.
    pub const STREAM_CONTROL: Self = Self(0x06);
    /// In a descriptor: the item's name.
    pub const DESCRIPTOR_NAME: Self = Self(0x10);
    /// In a descriptor: what the item is.
    pub const DESCRIPTOR_DESCRIPTION: Self = Self(0x11);
    /// In a descriptor: the item's dimensions.
    pub const DESCRIPTOR_SHAPE: Self = Self(0x12);
    /// In a descriptor: the fields of one element.
    pub const DESCRIPTOR_FORMAT: Self = Self(0x13);
    /// In a descriptor: the id of the item described.
    pub const DESCRIPTOR_ID: Self = Self(0x14);
    /// In a descriptor: the numpy header in place of format and shape.
    pub const DESCRIPTOR_DTYPE: Self = Self(0x15);
    /// The first id that automatic allocation hands out.
    pub const FIRST_FREE: Self = Self(0x1000);

    /// The id `id` in this flavour.
    ///
    /// # Errors
    /// [`ItemIdError`] if it needs more bits than the flavour's ids have.
    pub const fn new(id: u64, flavour: Flavour) -> Result<Self, ItemIdError> {
        if id > flavour.max_item_id() { Err(ItemIdError { id, flavour }) } else { Ok(Self(id)) }
    }

    /// As a plain number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether the id is one of the four that every packet uses to describe itself.
    pub(crate) const fn is_special(self) -> bool {
        matches!(self.0, 1..=4)
    }
}

impl From<ItemId> for u64 {
    fn from(id: ItemId) -> Self {
        id.0
    }
}

impl PartialEq<u64> for ItemId {
    fn eq(&self, other: &u64) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x}", self.0)
    }
}

impl fmt::Debug for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An item id that its flavour cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "item id {id:#x} does not fit {flavour}, whose largest is {:#x}: choose a smaller id or a narrower flavour",
    flavour.max_item_id()
)]
#[non_exhaustive]
pub struct ItemIdError {
    /// The id that was asked for.
    pub id: u64,
    /// The flavour that was to carry it.
    pub flavour: Flavour,
}

/// One entry of a packet's table of items: an id with a value, or with the place of the value in the heap's payload.
///
/// On the wire: mode bit (1 = immediate), id, value or address, most significant bit first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemPointer {
    /// The item's value stands in the pointer itself.
    Immediate {
        /// What the item is.
        id: ItemId,
        /// Its value.
        value: u64,
    },
    /// The item's value starts at `address`, in bytes from the start of the heap's payload.
    Address {
        /// What the item is.
        id: ItemId,
        /// Where its value starts.
        address: u64,
    },
}

impl ItemPointer {
    /// What the item is.
    #[must_use]
    pub const fn id(self) -> ItemId {
        match self {
            Self::Immediate { id, .. } | Self::Address { id, .. } => id,
        }
    }

    /// What the eight bytes of an item pointer say in this flavour.
    #[must_use]
    pub const fn decode(raw: u64, flavour: Flavour) -> Self {
        let id = ItemId(raw >> flavour.address_bits() & flavour.max_item_id());
        let low = raw & flavour.max_immediate();
        if raw & IMMEDIATE != 0 { Self::Immediate { id, value: low } } else { Self::Address { id, address: low } }
    }

    /// Which of the four special immediates a pointer is, counted from 0 in the order of their ids; a larger number if it
    /// is none of them.
    #[inline]
    pub(crate) fn special_place(raw: u64, flavour: Flavour) -> usize {
        let mode_and_id = |raw: u64| raw >> flavour.address_bits();
        let first = mode_and_id(IMMEDIATE) | ItemId::HEAP_CNT.0;
        usize::try_from(mode_and_id(raw).wrapping_sub(first)).unwrap_or(usize::MAX)
    }

    /// The eight bytes of the pointer in this flavour; bits that do not fit are lost, so callers check first.
    pub(crate) const fn encode(self, flavour: Flavour) -> u64 {
        let (mode, id, low) = match self {
            Self::Immediate { id, value } => (IMMEDIATE, id, value),
            Self::Address { id, address } => (0, id, address),
        };
        mode | (id.0 & flavour.max_item_id()) << flavour.address_bits() | low & flavour.max_immediate()
    }
}

const IMMEDIATE: u64 = 1 << 63;
