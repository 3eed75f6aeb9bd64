//! Seeds that are no numbers.
use spead_inproc::{SendStream, spead_test};

#[spead_test(seeds = ["a", "b"])]
fn t(tx: SendStream) {}
