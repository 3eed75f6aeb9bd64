//! The in-process transport: packets go through a queue in memory.
//!
//! Knows [`InprocQueue`] and how streams are joined to it. Must not know what is in the packets.

mod join;
#[cfg(all(test, shuttle))]
mod model;
mod queue;

pub use queue::{InprocQueue, QueueStopped};
