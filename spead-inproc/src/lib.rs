//! SPEAD heaps through an in-process queue, and `#[spead_test]`, which turns a function into a finished test.
#![forbid(unsafe_code)]

pub mod wire;

pub mod heap;

pub use heap::{Heap, HeapBuilder, HeapError, Item};
pub use wire::{BugCompat, Flavour, FlavourError, HeapCnt, ItemId};
