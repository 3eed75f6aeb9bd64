//! A field is not a key.
use spead_inproc::{SendStream, spead_test};

#[spead_test(senders: 1)]
fn t(tx: SendStream) {}
