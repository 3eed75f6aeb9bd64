//! `#[spead_test]` below `#[rstest]`.

use rstest::rstest;
use spead_inproc::{RecvStream, SendStream, spead_test};

use super::{FENG_RAW, heap};

#[rstest]
#[case::small(10)]
#[case::large(10_000)]
#[spead_test]
fn below_rstest(#[case] len: usize, #[ignore] tx: SendStream, #[ignore] rx: RecvStream) {
    tx.send_heap(&heap(len)).unwrap();
    assert_eq!(rx.next_heap().unwrap().item(FENG_RAW).unwrap().bytes().len(), len);
}
