//! Bytes ↔ fields: what one SPEAD packet says.
//!
//! Knows the packet header, the item pointers and every way in which they can be wrong. Must not know heaps, streams or
//! what an item means. Invariant: a [`Packet`] was checked once, when it was parsed, and is valid ever after.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod cnt;
mod flavour;
mod packet;
mod packets;
mod payload;
mod pointer;

pub use cnt::{HeapCnt, HeapCntError};
pub use flavour::{BugCompat, Flavour, FlavourError};
pub use packet::{Packet, PacketError};
pub use packets::{BrokenBuffer, Packets};
pub use payload::{Payload, Segment};
pub use pointer::{ItemId, ItemIdError, ItemPointer};

pub(crate) use packet::{
    FEW_POINTERS, HEADER_BYTES, HEADER_WORDS, MAX_POINTERS, POINTER_BYTES, SPECIAL_POINTERS, header_start,
    rewrite_header,
};
