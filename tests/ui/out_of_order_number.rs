//! A number is no flag.
use spead_inproc::{SendStream, spead_test};

#[spead_test(out_of_order = 1)]
fn t(tx: SendStream) {}
