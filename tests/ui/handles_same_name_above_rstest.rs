//! Two parameters of one name, among cases.
use rstest::rstest;
use spead_inproc::{RecvStream, SendStream, spead_test};

#[spead_test]
#[rstest]
#[case(1)]
fn test(#[case] n: u64, [tx, n]: [SendStream; 2], tx: RecvStream) {
    drop((n, tx));
}
