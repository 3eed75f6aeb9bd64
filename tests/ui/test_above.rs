//! Whatever stands above runs first.
use spead_inproc::{SendStream, spead_test};

#[test]
#[spead_test]
fn t(tx: SendStream) {}
