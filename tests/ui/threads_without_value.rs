//! A flag needs a value too.
use spead_inproc::{SendStream, spead_test};

#[spead_test(threads)]
fn t(tx: SendStream) {}
