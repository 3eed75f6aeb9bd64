//! What the integration tests share: golden vectors, an unchecked packet writer, what a queue holds, and the laws.
#![forbid(unsafe_code)]

pub mod laws;
pub mod queue;
pub mod raw_packet;
pub mod strategies;
pub mod vectors;
