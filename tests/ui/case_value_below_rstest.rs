//! Below rstest the values of a case are out of reach.
use rstest::rstest;
use spead_inproc::{SendStream, spead_test};

#[rstest]
#[case(4)]
#[spead_test(max_heaps = window)]
fn t(#[case] window: usize, #[ignore] tx: SendStream) {}
