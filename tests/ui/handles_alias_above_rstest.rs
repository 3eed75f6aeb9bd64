//! rstest's parameters are told from ours by the name of the type.
use rstest::rstest;
use spead_inproc::{SendStream, spead_test};

type Antenna = SendStream;

#[spead_test]
#[rstest]
fn t(tx: Antenna) {}
