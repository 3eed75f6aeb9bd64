//! A test has Rust's ABI.
use spead_inproc::{SendStream, spead_test};

#[spead_test]
extern "C" fn t(tx: SendStream) {}
