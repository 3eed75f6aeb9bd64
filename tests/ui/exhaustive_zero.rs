//! No order at all.
use spead_inproc::{SendStream, spead_test};

#[spead_test(exhaustive = 0)]
fn t(tx: SendStream) {}
