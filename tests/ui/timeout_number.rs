//! A number without a unit.
use spead_inproc::{SendStream, spead_test};

#[spead_test(timeout = 10)]
fn t(tx: SendStream) {}
