//! Cases without rstest.
use spead_inproc::{SendStream, spead_test};

#[spead_test]
#[case(1)]
fn t(#[case] n: u32, tx: SendStream) {}
