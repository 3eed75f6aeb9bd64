//! The path leads to another crate.
use spead_inproc::{SendStream, spead_test};

#[spead_test(crate = ::std)]
fn t(tx: SendStream) {}
