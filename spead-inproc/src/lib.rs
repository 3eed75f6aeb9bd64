//! SPEAD heaps through an in-process queue, and [`#[spead_test]`](macro@spead_test), which turns a function into a finished test.
//!
//! SPEAD carries radio-telescope data as *heaps* (items and their descriptors) cut into packets, mostly over UDP. This crate
//! has what a test of SPEAD software needs in place of a network: a queue in memory, streams that send heaps into it and
//! put them together again exactly as spead2 does, and the means to see what arrived and what became of every packet.
//!
//! ```
//! use spead_inproc::{Flavour, Harness, Heap};
//!
//! let harness = Harness::builder().senders(2).max_heaps(4).build()?;
//! let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 7).item(0x4300, vec![0; 8192]).build()?;
//! harness.sender(0).send_heap(&heap)?;
//! let received = harness.receiver().next_heap()?;
//! assert_eq!(received.heap(), &heap);
//! // Sent in order, a heap comes out as the very memory that was sent.
//! let address = |heap: &Heap| heap.item(0x4300).unwrap().bytes().as_ptr();
//! assert_eq!(address(&received), address(&heap));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The map
//!
//! Data go one way, and each module may use only those before it:
//!
//! | module | has |
//! |---|---|
//! | [`wire`] | bytes ↔ fields: flavours, item pointers, packets |
//! | [`heap`] | the values that cross the wire: [`Heap`], [`Item`] |
//! | [`send`] | heaps → packets: how they are cut, which heap cnt they get |
//! | [`recv`] | packets → heaps: the window of live heaps, statistics, and the [`Ledger`] of every packet's fate |
//! | [`descriptor`] | what items mean: [`Descriptor`], [`Value`], [`ItemGroup`]; [`descriptor::formats`] maps types |
//! | [`profile`] | the streams of the field with their ids, formats and shapes |
//! | [`stream`] | [`SendStream`] and [`RecvStream`] over any transport: [`stream::PacketSink`], [`stream::PacketSource`] |
//! | [`inproc`] | the queue |
//! | [`harness`] | [`Harness`]: all of it wired for a test; reports, snapshots, and what the attribute calls |
//! | `strategies` | with the feature `proptest`: heaps, item groups, fault plans, packet storms for property tests |
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | adds |
//! |---|---|
//! | `ndarray` | values from and into arrays of [ndarray](https://docs.rs/ndarray) |
//! | `proptest` | the module `strategies` |
//! | `tracing` | events of [tracing](https://docs.rs/tracing) where packets or heaps are lost |
//!
//! [`recipes`] has what tests of SPEAD software make by hand, and what they can write instead.
//!
//! The core, up to `descriptor`, is pure: no threads, clocks, locks or logs. Nothing runs unless somebody asks: a
//! [`RecvStream`] puts heaps together on the thread that wants one.
#![forbid(unsafe_code)]

// Their types are in our interface.
pub use {bytes, half, insta, num_complex};

mod sync;

pub mod wire;

pub mod heap;

pub mod send;

pub mod recv;

pub mod descriptor;

pub mod profile;

pub mod stream;

pub mod inproc;

pub mod harness;

#[cfg(feature = "proptest")]
pub mod strategies;

#[doc = include_str!("recipes.md")]
pub mod recipes {}

pub use descriptor::{Descriptor, GroupError, GroupItem, HeapGenerator, ItemGroup, UpdateError, Value, ValueError};
#[doc(hidden)]
pub use harness::private as __private;
pub use harness::{
    Demand, Descriptors, Faults, FromHarness, Groups, Harness, HarnessBuilder, HarnessError, Order, Select, Tolerance,
};
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

/// The examples of the README are compiled, and run where they have a `main`.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub mod readme {}
