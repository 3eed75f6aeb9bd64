//! The attribute is no key.
use spead_inproc::{SendStream, spead_test};

#[spead_test = 2]
fn t(tx: SendStream) {}
