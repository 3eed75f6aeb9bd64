//! A comma too many.
use spead_inproc::{SendStream, spead_test};

#[spead_test(senders = 1,, max_heaps = 4)]
fn t(tx: SendStream) {}
