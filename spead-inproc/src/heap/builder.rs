use bytes::Bytes;

use super::{Heap, Item, StreamControl};
use crate::wire::{Flavour, ItemId, ItemIdError};

/// Makes a [`Heap`], item by item; everything is checked once, by [`build`](Self::build).
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct HeapBuilder {
    flavour: Flavour,
    items: Vec<Item>,
    error: Option<HeapError>,
}

impl HeapBuilder {
    pub(super) const fn new(flavour: Flavour) -> Self {
        Self { flavour, items: Vec::new(), error: None }
    }

    /// The flavour that the heap will have.
    pub(crate) const fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// Adds an item whose value travels in the item pointer, whatever its size in the program.
    pub fn immediate(self, id: u64, value: u64) -> Self {
        let flavour = self.flavour;
        if value > flavour.max_immediate() {
            return self.fail(HeapError::Immediate { id, value, flavour });
        }
        self.push(id, |id| Item::immediate(id, value, flavour))
    }

    /// Adds an item whose value travels in the payload, however short it is. The bytes are shared, not copied.
    pub fn item(self, id: u64, value: impl Into<Bytes>) -> Self {
        let value = value.into();
        self.push(id, |id| Item::addressed(id, value))
    }

    /// Adds an item that is immediate if its bytes fit the flavour's addresses, and addressed otherwise: what spead2 does
    /// with an item that allows immediates (`send_heap.h`). No bytes at all make an immediate 0.
    pub fn auto(self, id: u64, value: impl Into<Bytes>) -> Self {
        let value = value.into();
        let flavour = self.flavour;
        if value.len() > flavour.address_bytes() {
            return self.item(id, value);
        }
        let number = value.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        self.push(id, |id| Item::immediate(id, number, flavour))
    }

    /// Adds the control item that starts a stream.
    pub fn start_of_stream(self) -> Self {
        self.immediate(ItemId::STREAM_CONTROL.get(), StreamControl::Start as u64)
    }

    /// Adds the control item that ends a stream.
    pub fn end_of_stream(self) -> Self {
        self.immediate(ItemId::STREAM_CONTROL.get(), StreamControl::Stop as u64)
    }

    /// Adds an item of any heap as it is.
    pub fn push_item(self, item: &Item) -> Self {
        match item.as_immediate() {
            Some(value) => self.immediate(item.id().get(), value),
            None => self.item(item.id().get(), item.to_bytes()),
        }
    }

    /// The heap.
    ///
    /// # Errors
    /// [`HeapError`], the first that the items gave: an id or an immediate that the flavour cannot carry, or a payload
    /// longer than its addresses reach. (spead2 sends such heaps with spoilt item pointers.)
    pub fn build(self) -> Result<Heap, HeapError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let heap = Heap::from_items(self.flavour, self.items);
        let length = heap.payload_length();
        if length > self.flavour.max_immediate() {
            return Err(HeapError::TooLong { length, flavour: self.flavour });
        }
        Ok(heap)
    }

    fn push(mut self, id: u64, item: impl FnOnce(ItemId) -> Item) -> Self {
        match ItemId::new(id, self.flavour) {
            Ok(id) => self.items.push(item(id)),
            Err(error) => return self.fail(error.into()),
        }
        self
    }

    fn fail(mut self, error: HeapError) -> Self {
        self.error.get_or_insert(error);
        self
    }
}

/// Why a heap cannot be sent in its flavour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeapError {
    /// An item id is too wide.
    #[error(transparent)]
    ItemId(#[from] ItemIdError),
    /// An immediate value is too large.
    #[error(
        "item {id:#06x}: the immediate value {value} does not fit {flavour}, whose largest is {}: use `item` with the \
         value's bytes, or a flavour with wider addresses",
        flavour.max_immediate()
    )]
    Immediate {
        /// The item.
        id: u64,
        /// Its value.
        value: u64,
        /// The heap's flavour.
        flavour: Flavour,
    },
    /// The addressed items together are longer than an address reaches.
    #[error(
        "a payload of {length} bytes does not fit {flavour}, whose addresses end at {}: send it in several heaps, or use a \
         flavour with wider addresses",
        flavour.max_immediate()
    )]
    TooLong {
        /// Bytes of all addressed items.
        length: u64,
        /// The heap's flavour.
        flavour: Flavour,
    },
}
