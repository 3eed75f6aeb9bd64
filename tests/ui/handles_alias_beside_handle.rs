//! As before, where another parameter is ours.
use rstest::rstest;
use spead_inproc::{SendStream, spead_test};

type Antenna = SendStream;

#[spead_test]
#[rstest]
fn t(tx: Antenna, other: SendStream) {}
