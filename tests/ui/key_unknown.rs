//! A key with a typing error.
use spead_inproc::{SendStream, spead_test};

#[spead_test(sender = 1)]
fn t(tx: SendStream) {}
