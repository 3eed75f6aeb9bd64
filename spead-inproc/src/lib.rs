//! SPEAD heaps through an in-process queue, and `#[spead_test]`, which turns a function into a finished test.
#![forbid(unsafe_code)]

pub mod wire;

pub mod heap;

pub mod send;

pub mod recv;

pub mod descriptor;

pub mod profile;

pub mod stream;

pub mod inproc;

pub mod harness;

pub use descriptor::{Descriptor, GroupError, GroupItem, HeapGenerator, ItemGroup, UpdateError, Value, ValueError};
#[doc(hidden)]
pub use harness::private as __private;
pub use harness::{Demand, FromHarness, Harness, HarnessBuilder, HarnessError};
pub use heap::{Heap, HeapBuilder, HeapError, Item};
pub use inproc::{InprocQueue, QueueStopped};
pub use recv::{
    Event, Fate, IncompleteHeap, Ledger, Limits, ReceivedHeap, RecvConfig, RecvConfigError, Rejection, Stats,
};
pub use send::{HeapReference, PacketizeError, Packetizer};
#[doc = include_str!("harness/attribute.md")]
pub use spead_inproc_macros::spead_test;
pub use stream::{
    GroupMode, Heaps, ReaderError, RecvError, RecvStream, SendConfig, SendConfigError, SendError, SendStream, Sent,
    SentGroup,
};
pub use wire::{BugCompat, Flavour, FlavourError, HeapCnt, ItemId};
