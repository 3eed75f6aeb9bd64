//! A test cannot be unsafe.
use spead_inproc::{SendStream, spead_test};

#[spead_test]
unsafe fn t(tx: SendStream) {}
