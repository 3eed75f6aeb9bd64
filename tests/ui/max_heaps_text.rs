//! A literal of another type.
use spead_inproc::{SendStream, spead_test};

#[spead_test(max_heaps = "four")]
fn t(tx: SendStream) {}
