//! A path is not text.
use spead_inproc::{SendStream, spead_test};

#[spead_test(crate = "spead_inproc")]
fn t(tx: SendStream) {}
