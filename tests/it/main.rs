//! The one integration binary.
#![forbid(unsafe_code)]

mod contract;
mod failures;
mod laws;
mod layering;
mod macros;
mod memory;
mod snapshots;
mod profiles;
mod vectors;
