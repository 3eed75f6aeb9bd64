//! Keys without values.
use spead_inproc::{SendStream, spead_test};

#[spead_test(senders, max_heaps =)]
fn t(tx: SendStream) {}
