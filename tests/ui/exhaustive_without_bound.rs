//! A bound must be said.
use spead_inproc::{SendStream, spead_test};

#[spead_test(exhaustive)]
fn t(tx: SendStream) {}
