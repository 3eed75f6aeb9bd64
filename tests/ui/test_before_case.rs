//! A test attribute above the cases.
use rstest::rstest;
use spead_inproc::{SendStream, spead_test};

#[spead_test]
#[rstest]
#[tokio::test]
#[case(1)]
#[case(2)]
async fn t(#[case] n: u32, tx: SendStream) {}
