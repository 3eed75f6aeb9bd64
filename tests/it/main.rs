//! The one integration binary.
#![forbid(unsafe_code)]

mod contract;
mod failures;
mod history;
mod laws;
mod layering;
mod macros;
mod memory;
mod profiles;
mod snapshots;
mod vectors;
