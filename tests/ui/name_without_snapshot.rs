//! A name for nothing.
use spead_inproc::{SendStream, spead_test};

#[spead_test(snapshot = false, name = "unused")]
fn t(tx: SendStream) {}
