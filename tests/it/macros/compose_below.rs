//! `#[spead_test]` below `#[rstest]`: handles carry rstest's `#[ignore]`.

use std::{thread, time::Duration};

use rstest::{Context, fixture, rstest};
use spead_inproc::{InprocQueue, RecvStream, SendStream, assert_heaps_snapshot, harness::Groups, spead_test};

use super::{FENG_RAW, heap};

#[rstest]
#[case::small(10)]
#[case::large(10_000)]
#[spead_test]
fn below_rstest(#[case] len: usize, #[ignore] tx: SendStream, #[ignore] rx: RecvStream) {
    tx.send_heap(&heap(len)).unwrap();
    assert_eq!(rx.next_heap().unwrap().item(FENG_RAW).unwrap().bytes().len(), len);
}

#[rstest]
#[case(1)]
#[case::two(2)]
#[spead_test]
fn cases_times_values(#[case] len: usize, #[values(3, 4)] more: usize, #[ignore] tx: SendStream) {
    tx.send_heap(&heap(10 * len + more)).unwrap();
}

#[rstest]
#[case::passes(8)]
#[should_panic(expected = "Stopped")]
#[case::panics(9)]
#[spead_test]
fn one_case_should_panic(#[case] len: usize, #[ignore] queue: InprocQueue, #[ignore] tx: SendStream) {
    if len == 9 {
        queue.stop();
    }
    tx.send_heap(&heap(len)).unwrap();
}

#[rstest]
#[case(8)]
#[spead_test(groups = "239.102.1.0:7148", snapshot = false)]
fn multicast(#[case] len: usize, #[ignore] groups: Groups) {
    let rx = groups.receiver("239.102.1.0:7148").unwrap();
    groups.sender("239.102.1.0:7148").unwrap().send_heap(&heap(len)).unwrap();
    assert_eq!(rx.next_heap().unwrap().item(FENG_RAW).unwrap().bytes().len(), len);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
#[spead_test]
fn timeout(#[ignore] tx: SendStream) {
    tx.send_heap(&heap(5)).unwrap();
}

#[fixture]
fn length() -> usize {
    16
}

#[rstest]
#[trace]
#[case((1, 2))]
#[spead_test]
fn everything_else(
    length: usize,
    #[context]
    #[notrace]
    here: Context,
    #[case] (a, b): (usize, usize),
    #[files("tests/vectors/streams/xeng.spead")] path: std::path::PathBuf,
    #[ignore] tx: SendStream,
) -> anyhow::Result<()> {
    assert_eq!((length, here.name, a, b), (16, "everything_else", 1, 2));
    assert!(path.is_file());
    tx.send_heap(&heap(length))?;
    Ok(())
}

async fn later() -> usize {
    tokio::task::yield_now().await;
    9
}

#[rstest]
#[case::a(1, later())]
#[case::b(2, later())]
#[spead_test]
#[tokio::test(flavor = "multi_thread")]
async fn runtime_below(
    #[case] len: usize,
    #[future(awt)]
    #[case]
    more: usize,
    #[ignore] tx: SendStream,
) {
    tx.send_heap(&heap(len + more)).unwrap();
}

#[rstest]
#[case::a(1)]
#[case::b(2)]
#[tokio::test]
#[spead_test]
async fn runtime_above(#[case] len: usize, #[ignore] tx: SendStream, #[ignore] rx: RecvStream) {
    tx.send_heap(&heap(len)).unwrap();
    tokio::task::yield_now().await;
    rx.next_heap().unwrap();
}

/// The user's own snapshots carry the case, wherever they are taken.
#[rstest]
#[case::a(1)]
#[case::b(2)]
#[spead_test(snapshot = false)]
fn own_snapshots(#[case] len: usize, #[ignore] tx: SendStream, #[ignore] rx: RecvStream) {
    insta::assert_snapshot!(len);
    insta::assert_snapshot!("named", len + 10);
    tx.send_heap(&heap(len)).unwrap();
    thread::spawn(move || assert_heaps_snapshot!(rx, "in_a_thread")).join().unwrap();
}

#[rstest]
#[case::a(1)]
#[case::b(2)]
#[timeout(Duration::from_secs(60))]
#[spead_test(snapshot = false)]
#[tokio::test]
async fn own_snapshots_with_timeout(
    #[case] len: usize,
    #[values(3, 4)] more: usize,
    #[ignore] tx: SendStream,
    #[ignore] rx: RecvStream,
) {
    tx.send_heap(&heap(len + 2 * more)).unwrap();
    assert_heaps_snapshot!(rx, "heaps");
}
