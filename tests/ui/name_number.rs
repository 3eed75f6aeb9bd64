//! A name is text.
use spead_inproc::{SendStream, spead_test};

#[spead_test(name = 3)]
fn t(tx: SendStream) {}
