//! A parameter that no harness can fill.
use spead_inproc::spead_test;

#[spead_test]
fn t(n: u32) {}
