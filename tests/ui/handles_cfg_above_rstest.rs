//! A parameter under a condition, among cases.
use rstest::rstest;
use spead_inproc::{SendStream, spead_test};

#[spead_test]
#[rstest]
#[case(1)]
fn test(#[case] n: u64, #[cfg(unix)] tx: SendStream) {
    drop((n, tx));
}
