//! Nothing to inject.
use spead_inproc::spead_test;

#[spead_test]
fn t() {}
