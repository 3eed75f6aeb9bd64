//! rstest has no runtime either.
use rstest::rstest;
use spead_inproc::{SendStream, spead_test};

#[spead_test]
#[rstest]
#[case(1)]
async fn t(#[case] n: u32, tx: SendStream) {}
