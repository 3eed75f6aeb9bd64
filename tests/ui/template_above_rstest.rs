//! Templates of rstest_reuse drop what stands above `#[rstest]`.
use rstest::rstest;
use spead_inproc::{SendStream, spead_test};

use rstest_reuse::{apply, template};

#[template]
#[spead_test]
#[rstest]
#[case(1)]
fn cases(#[case] n: u32, tx: SendStream) {}

#[apply(cases)]
fn t(#[case] n: u32, tx: SendStream) {}
