//! The one integration binary.
#![forbid(unsafe_code)]

mod accounts;
mod any_bytes;
mod asynchronous;
mod contract;
mod executors;
mod failures;
mod faults;
mod groups;
mod history;
mod laws;
mod layering;
mod macros;
mod memory;
mod patience;
mod profiles;
mod rate;
mod runs;
mod snapshots;
mod strategies;
mod threads;
mod transport;
mod values;
mod vectors;
