//! From packets to heaps.
//!
//! Knows the window of heaps that are still arriving, when one is complete, evicted or flushed, and what became of every
//! packet. Must not know queues, threads or what an item means. Invariants: at most `max_heaps` heaps are live in each
//! substream; memory follows bytes received, never a length that a packet declares; the same input gives the same events.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod config;
mod count;
mod coverage;
mod fate;
mod ledger;
mod live_heap;
mod pieces;
mod planned;
mod pointers;
mod reassembler;
mod received;
mod stats;
mod story;
mod trace;
mod whole;
mod window;

pub use config::{Limits, RecvConfig, RecvConfigError};
pub(crate) use count::Count;
pub use fate::{Fate, Rejection};
pub use ledger::{Counts, HeapCounts, Ledger};
pub use planned::{PlannedAct, PlannedPacket};
pub use reassembler::{Outcome, Reassembler};
pub use received::{Ending, Event, IncompleteHeap, ReceivedHeap};
pub use stats::{DuplicateStat, StatIndex, StatMode, Stats, StatsMismatch};
pub use story::{Explanation, IncompleteSummary, RefusedPacket};
pub use trace::Trace;
