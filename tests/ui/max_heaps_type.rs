//! An expression of another type.
use spead_inproc::{SendStream, spead_test};

const TEXT: &str = "four";

#[spead_test(max_heaps = TEXT)]
fn t(tx: SendStream) {}
