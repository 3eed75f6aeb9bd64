//! A key that is like no other.
use spead_inproc::{SendStream, spead_test};

#[spead_test(bogus_thing = 1)]
fn t(tx: SendStream) {}
