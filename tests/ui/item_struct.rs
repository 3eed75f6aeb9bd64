//! Not a function.
use spead_inproc::spead_test;

#[spead_test]
pub struct T;
