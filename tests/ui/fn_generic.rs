//! A test cannot be generic.
use spead_inproc::{SendStream, spead_test};

#[spead_test]
fn t<T>(tx: SendStream) where T: Default {}
