//! A number in quotes.
use spead_inproc::{SendStream, spead_test};

#[spead_test(senders = "two")]
fn t(tx: SendStream) {}
