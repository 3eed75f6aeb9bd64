//! The rest of how many?
use spead_inproc::{SendStream, spead_test};

#[spead_test]
fn t(all: Vec<SendStream>) {}
