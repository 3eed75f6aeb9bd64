//! The values that cross the wire: items, and heaps of them.
//!
//! Knows which items a heap has and how they lie in its payload. Must not know packets in flight, streams, or what an
//! item means. Invariant: every id, immediate and length in a [`Heap`] fits the heap's flavour, since the builder checked.

mod builder;
mod item;
mod layout;
mod origin;

use std::fmt;

pub use builder::{HeapBuilder, HeapError};
pub use item::Item;
pub(crate) use layout::{Extents, Layout};
pub use origin::Origin;
use triomphe::ThinArc;

use crate::wire::{Flavour, ItemId};

/// An ordered list of items: the unit that a SPEAD stream carries.
///
/// The same type goes both ways: what [`Heap::builder`] makes is sent, what arrives is received. A heap is a cheap
/// handle; clones share the items, and the items share the memory that they were made from.
///
/// ```
/// use spead_inproc::{Flavour, Heap};
///
/// let heap = Heap::builder(Flavour::SPEAD_64_48)
///     .immediate(0x1600, 2_097_152)
///     .item(0x4300, vec![1, 2, 3, 4])
///     .build()?;
/// assert_eq!(heap.item(0x1600).unwrap().as_immediate(), Some(2_097_152));
/// assert_eq!(heap.item(0x4300).unwrap().bytes(), [1, 2, 3, 4]);
/// assert!(heap.item(0x4301).is_none());
/// # Ok::<(), spead_inproc::HeapError>(())
/// ```
#[derive(Clone)]
pub struct Heap {
    /// One word: queue entries, events and results that hold a heap stay small.
    shared: ThinArc<Common, Item>,
}

/// What is not said item by item.
struct Common {
    flavour: Flavour,
    /// Bytes of the addressed items together.
    payload_length: u64,
    /// The places of the addressed items by address, if a sender has written them otherwise.
    by_address: Option<Box<[usize]>>,
}

impl Heap {
    /// Starts an empty heap.
    pub fn builder(flavour: Flavour) -> HeapBuilder {
        HeapBuilder::new(flavour)
    }

    /// The control heap that starts a stream.
    #[must_use]
    pub fn start_of_stream(flavour: Flavour) -> Self {
        Self::control(flavour, StreamControl::Start)
    }

    /// The control heap that ends a stream: unless told otherwise, receivers stop at it.
    #[must_use]
    pub fn end_of_stream(flavour: Flavour) -> Self {
        Self::control(flavour, StreamControl::Stop)
    }

    fn control(flavour: Flavour, control: StreamControl) -> Self {
        let item = Item::immediate(ItemId::STREAM_CONTROL, control as u64, flavour);
        Self::from_items(flavour, vec![item])
    }

    pub(crate) fn from_items(flavour: Flavour, items: Vec<Item>) -> Self {
        let payload_length = items.iter().map(Item::addressed_length).sum();
        let common = Common { flavour, payload_length, by_address: None };
        Self { shared: ThinArc::from_header_and_iter(common, items.into_iter()) }
    }

    /// How the heap's item pointers are split.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.shared.header.header.flavour
    }

    /// All items in order, descriptors and control items included.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.shared.slice
    }

    /// The first item with this id.
    #[must_use]
    pub fn item(&self, id: u64) -> Option<&Item> {
        self.items().iter().find(|item| item.id() == id)
    }

    /// The items that spead2 would see, in the order in which it would (spead2 `recv_heap.cpp`): addressed ones that are not
    /// empty, by address, then immediates by value.
    pub(crate) fn items_in_spead2_order(&self) -> impl Iterator<Item = &Item> {
        let mut immediates: Vec<&Item> = self.items().iter().filter(|item| item.is_immediate()).collect();
        immediates.sort_by_key(|item| item.as_immediate());
        let (in_order, reordered) = match &self.shared.header.header.by_address {
            None => (self.items(), &[][..]),
            Some(by_address) => (&[][..], &by_address[..]),
        };
        let addressed = in_order.iter().chain(reordered.iter().map(|at| &self.items()[*at]));
        addressed.filter(|item| item.addressed_length() > 0).chain(immediates)
    }

    /// Whether addressed items lie in the payload in the order in which they stand: so they do when the heap is sent.
    #[inline]
    pub(crate) fn is_by_address(&self) -> bool {
        self.shared.header.header.by_address.is_none()
    }

    /// Bytes of the addressed items together. Padding, which a sender may add, is not counted.
    #[must_use]
    pub fn payload_length(&self) -> u64 {
        self.shared.header.header.payload_length
    }

    /// Whether a control item says that the stream starts here (spead2 `recv_heap.cpp`, `is_start_of_stream`).
    #[must_use]
    pub fn is_start_of_stream(&self) -> bool {
        self.has_control(StreamControl::Start)
    }

    /// Whether a control item says that the stream ends here.
    #[must_use]
    pub fn is_end_of_stream(&self) -> bool {
        self.has_control(StreamControl::Stop)
    }

    fn has_control(&self, control: StreamControl) -> bool {
        has_control(self.items(), control)
    }
}

/// Of the same flavour and with the same items in the same order.
impl PartialEq for Heap {
    fn eq(&self, other: &Self) -> bool {
        self.flavour() == other.flavour() && self.items() == other.items()
    }
}

impl Eq for Heap {}

impl fmt::Debug for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heap").field("flavour", &self.flavour()).field("items", &self.items()).finish()
    }
}

/// What a stream control item (id 0x06) says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamControl {
    Start = 0,
    Stop = 2,
}

/// Whether some control item among these has the value. Longer ones than eight bytes say nothing, nor do empty ones, which
/// spead2 never sees.
pub(crate) fn has_control(items: &[Item], control: StreamControl) -> bool {
    items
        .iter()
        .filter(|item| item.id() == ItemId::STREAM_CONTROL && !item.bytes().is_empty())
        .any(|item| item.as_unsigned() == Some(control as u64))
}
