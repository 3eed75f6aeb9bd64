//! What threads share, by one name: the standard library's and crossbeam's, or under `--cfg shuttle` those of a model
//! checker, which tries the orders in which threads can take turns.
//!
//! Knows locks, atomics, threads, the channel and how a thread waits. Must not know what is shared. What stands elsewhere
//! by its own name the checker takes for a single step: event-listener, and what only senders on a pool use.

#[cfg(shuttle)]
mod checked;
#[cfg(not(shuttle))]
mod park;

#[cfg(shuttle)]
pub(crate) use checked::{Mutex, MutexGuard, atomic, block_on, channel, thread};
#[cfg(not(shuttle))]
pub(crate) use {
    crossbeam_channel as channel,
    park::block_on,
    std::{
        sync::{Mutex, MutexGuard, atomic},
        thread,
    },
};
