//! Nobody would send.
use spead_inproc::{SendStream, spead_test};

#[spead_test(senders = 0)]
fn t(tx: SendStream) {}
