//! Templates of rstest_reuse.

use rstest::rstest;
use rstest_reuse::{apply, template};
use spead_inproc::{SendStream, spead_test};

use super::heap;

#[template]
#[rstest]
#[case::small(1)]
#[case::large(2000)]
fn lengths(#[case] len: usize) {}

#[template]
#[rstest]
#[case::small(1)]
#[case::large(2000)]
#[spead_test]
fn tested_lengths(#[case] len: usize, #[ignore] tx: SendStream) {}

#[spead_test(max_heaps = len)]
#[apply(lengths)]
fn above(#[case] len: usize, tx: SendStream) {
    tx.send_heap(&heap(len)).unwrap();
}

#[apply(lengths)]
#[spead_test]
fn below(#[case] len: usize, #[ignore] tx: SendStream) {
    tx.send_heap(&heap(len)).unwrap();
}

#[apply(tested_lengths)]
fn in_the_template(#[case] len: usize, #[ignore] tx: SendStream) {
    tx.send_heap(&heap(len)).unwrap();
}
