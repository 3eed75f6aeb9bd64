//! What items mean: descriptors, and in time the values and groups that they give names and types to.
//!
//! Knows how the meaning of an item travels and how values are made of bytes. Must not know packets in flight or streams.

mod error;
mod nested;
mod raw;

pub use error::{DescriptorError, DescriptorProblem};
pub use raw::RawDescriptor;
