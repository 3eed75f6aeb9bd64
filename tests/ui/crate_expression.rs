//! A path is no expression.
use spead_inproc::{SendStream, spead_test};

#[spead_test(crate = 1 + 1)]
fn t(tx: SendStream) {}
