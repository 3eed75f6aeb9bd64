//! Something that is no expression; the next key is still read.
use spead_inproc::{SendStream, spead_test};

#[spead_test(senders = 1 +, max_heap = 4)]
fn t(tx: SendStream) {}
