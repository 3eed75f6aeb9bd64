//! One number, where several are needed.
use spead_inproc::{SendStream, spead_test};

#[spead_test(seeds = 64)]
fn t(tx: SendStream) {}
