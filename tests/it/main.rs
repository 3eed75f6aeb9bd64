//! The one integration binary.
#![forbid(unsafe_code)]

mod laws;
mod layering;
mod memory;
mod vectors;
