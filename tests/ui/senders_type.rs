//! An expression of another type.
use spead_inproc::{SendStream, spead_test};

const N: u32 = 1;

#[spead_test(senders = N)]
fn t(tx: SendStream) {}
