//! The one integration binary.
#![forbid(unsafe_code)]

mod any_bytes;
mod contract;
mod failures;
mod groups;
mod faults;
mod history;
mod laws;
mod layering;
mod macros;
mod memory;
mod profiles;
mod snapshots;
mod values;
mod vectors;
