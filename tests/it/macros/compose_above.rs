//! `#[spead_test]` above `#[rstest]`.

use rstest::rstest;
use spead_inproc::{RecvStream, SendStream, spead_test};

use super::heap;

#[spead_test(senders = 1, max_heaps = window)]
#[rstest]
#[case::one_packet(64, 1)]
#[case::many_packets(100_000, 4)]
fn sizes(#[case] len: usize, #[case] window: usize, tx: SendStream) {
    tx.send_heap(&heap(len)).unwrap();
}

#[spead_test]
#[rstest]
#[tokio::test]
async fn async_values(
    #[values(1, 2)] n: usize,
    #[values("x")] _s: &str,
    tx: SendStream,
    rx: RecvStream,
) -> Result<(), Box<dyn std::error::Error>> {
    tx.send_heap(&heap(n))?;
    rx.next_heap()?;
    Ok(())
}
