//! An expression of another type.
use spead_inproc::{SendStream, spead_test};

#[spead_test(settings = String::new())]
fn t(tx: SendStream) {}
