//! Below rstest a bare handle looks like a fixture.
use rstest::rstest;
use spead_inproc::{SendStream, spead_test};

#[rstest]
#[case(4)]
#[case(5)]
#[spead_test]
fn t(#[case] n: usize, tx: SendStream) {}
