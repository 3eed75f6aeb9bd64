//! A name is text.
use spead_inproc::{SendStream, spead_test};

#[spead_test(name = Some("text"))]
fn t(tx: SendStream) {}
