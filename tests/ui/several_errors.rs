//! All errors of one attribute at once.
use spead_inproc::{SendStream, spead_test};

#[spead_test(sender = 2, max_heap = 4, snapshot = 3, bogus_thing = 1)]
fn t(tx: SendStream) {}
