//! More senders than anybody could use.
use spead_inproc::{SendStream, spead_test};

#[spead_test(senders = 3)]
fn t(tx: SendStream) {}
