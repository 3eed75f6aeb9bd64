//! A wrong snapshot panics, and would pass this test.
use spead_inproc::{SendStream, spead_test};

#[spead_test(snapshot = true)]
#[should_panic]
fn t(tx: SendStream) {}
