//! A parameter whose type has no name, among cases.
use rstest::rstest;
use spead_inproc::{FromHarness, SendStream, spead_test};

#[spead_test]
#[rstest]
#[case(1)]
fn test(#[case] n: impl Into<u64>, tx: impl FromHarness, rx: SendStream) {
    drop((n.into(), tx, rx));
}
