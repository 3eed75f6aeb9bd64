//! A file needs a name.
use spead_inproc::{SendStream, spead_test};

#[spead_test(name = "")]
fn t(tx: SendStream) {}
