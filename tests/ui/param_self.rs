//! A method.
use spead_inproc::{SendStream, spead_test};

#[spead_test]
fn t(self, tx: SendStream) {}
