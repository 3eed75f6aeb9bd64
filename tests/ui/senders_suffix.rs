//! A number of another type.
use spead_inproc::{SendStream, spead_test};

#[spead_test(senders = 1u32)]
fn t(tx: SendStream) {}
