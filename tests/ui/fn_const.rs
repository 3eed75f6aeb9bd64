//! A test cannot be const.
use spead_inproc::{SendStream, spead_test};

#[spead_test]
const fn t(tx: SendStream) {}
