//! `#[spead_test]` above `#[rstest]`: handles unmarked, case values in the attribute, one snapshot for each case.

use std::{path::PathBuf, thread, time::Duration};

use insta::Settings;
use rstest::{Context, fixture, rstest};
use spead_inproc::{
    Flavour, Harness, Heap, InprocQueue, RecvStream, SendStream, assert_heaps_snapshot, harness::Groups, spead_test,
};

use super::{FENG_RAW, heap};

#[spead_test(senders = 1, max_heaps = window)]
#[rstest]
#[case::one_packet(64, 1)]
#[case::many_packets(100_000, 4)]
fn sizes(#[case] len: usize, #[case] window: usize, tx: SendStream) {
    tx.send_heap(&heap(len)).unwrap();
}

#[spead_test]
#[rstest]
#[case(1)]
#[case::two(2)]
fn cases_times_values(#[case] len: usize, #[values(3, 4)] more: usize, tx: SendStream) {
    tx.send_heap(&heap(10 * len + more)).unwrap();
}

#[spead_test(senders = lengths.len(), name = format!("{}-senders", lengths.len()))]
#[rstest]
#[case::inserted_later(vec![4])]
#[case(vec![8, 12])]
fn attribute_sees_the_case(#[case] lengths: Vec<usize>, tx: Vec<SendStream>) {
    for (tx, len) in tx.iter().zip(lengths) {
        tx.send_heap(&heap(len)).unwrap();
    }
}

#[spead_test(groups = "239.102.1.0:7148", snapshot = false)]
#[rstest]
#[case(8)]
fn multicast(#[case] len: usize, groups: Groups) {
    let rx = groups.receiver("239.102.1.0:7148").unwrap();
    groups.sender("239.102.1.0:7148").unwrap().send_heap(&heap(len)).unwrap();
    assert_eq!(rx.next_heap().unwrap().item(FENG_RAW).unwrap().bytes().len(), len);
}

#[spead_test(max_heaps = window, snapshot = false)]
#[rstest]
#[case((1, 2))]
fn tuple_pattern(#[case] (window, len): (usize, usize), tx: SendStream, rx: RecvStream) {
    tx.send_heap(&heap(len)).unwrap();
    assert_eq!((rx.config().max_heaps, rx.next_heap().unwrap().item(FENG_RAW).unwrap().bytes().len()), (window, len));
}

#[spead_test]
#[rstest]
#[case::passes(8)]
#[should_panic(expected = "Stopped")]
#[case::panics(9)]
fn one_case_should_panic(#[case] len: usize, queue: InprocQueue, tx: SendStream) {
    if len == 9 {
        queue.stop();
    }
    tx.send_heap(&heap(len)).unwrap();
}

#[spead_test]
#[rstest]
fn files(#[files("tests/vectors/streams/feng*.spead")] path: PathBuf, queue: InprocQueue, rx: RecvStream) {
    assert!(path.is_file());
    queue.add_packet(heap_bytes(&path)).unwrap();
    queue.stop();
    assert!(rx.next_heap().is_err());
}

/// An attribute of another kind does not make it a fixture.
#[spead_test(snapshot = false)]
#[rstest]
#[case(8)]
fn a_handle_may_have_attributes(#[case] len: usize, #[allow(unused_variables)] tx: SendStream, rx: RecvStream) {
    assert_eq!((len, rx.config().max_heaps), (8, 4));
}

/// The first packet's header, cut off.
fn heap_bytes(path: &PathBuf) -> Vec<u8> {
    std::fs::read(path).unwrap()[..8].to_vec()
}

#[spead_test]
#[rstest]
#[timeout(Duration::from_secs(60))]
#[case(5)]
fn timeout(#[case] len: usize, tx: SendStream) {
    tx.send_heap(&heap(len)).unwrap();
    insta::assert_snapshot!(len, @"5");
}

#[fixture]
fn length() -> usize {
    16
}

#[fixture]
#[once]
fn shared() -> String {
    "shared".to_owned()
}

#[fixture]
fn scaled(#[default(2)] by: usize) -> usize {
    8 * by
}

#[spead_test(snapshot = false)]
#[rstest]
fn fixtures(
    length: usize,
    shared: &str,
    #[from(scaled)] plain: usize,
    #[from(scaled)]
    #[with(3)]
    more: usize,
    tx: SendStream,
) {
    assert_eq!((length, shared, plain, more), (16, "shared", 16, 24));
    tx.send_heap(&heap(length)).unwrap();
}

#[spead_test(snapshot = false)]
#[rstest]
#[case(7)]
#[trace]
fn by_reference(
    #[case]
    #[by_ref]
    len: &usize,
    tx: SendStream,
) {
    tx.send_heap(&heap(*len)).unwrap();
}

#[spead_test(snapshot = false)]
#[rstest]
#[case::small(7)]
fn context(#[context] here: Context, #[case] len: usize, tx: SendStream) {
    assert_eq!((here.name, here.description), ("context", Some("small")));
    tx.send_heap(&heap(len)).unwrap();
}

#[spead_test(snapshot = false)]
#[rstest]
#[case("7")]
fn generic<T: AsRef<str>>(#[case] len: T, tx: SendStream) {
    tx.send_heap(&heap(len.as_ref().parse().unwrap())).unwrap();
}

type Antenna = SendStream;

#[spead_test(snapshot = false)]
#[rstest]
fn marked_alias(#[ignore] tx: Antenna, mut harness: Harness) {
    tx.send_heap(&heap(1)).unwrap();
    assert_eq!(std::mem::take(&mut harness.receiver().heaps().take(1).count()), 1);
    harness = Harness::builder().build().unwrap();
    drop(harness);
}

#[spead_test]
#[rstest]
#[case(4)]
fn fails_never(#[case] len: usize, tx: SendStream) -> Result<(), Box<dyn std::error::Error>> {
    tx.send_heap(&heap(len))?;
    Ok(())
}

#[spead_test(snapshot = false)]
#[rstest]
fn inner_attributes(length: usize, tx: SendStream) {
    #![expect(unused_variables, reason = "the attribute stands inside")]
    let unused = tx;
}

/// All cases would write one file, were it not for the suffix.
#[spead_test(snapshot = false)]
#[rstest]
#[case::a(1)]
#[case::b(2)]
fn own_snapshots(#[case] len: usize, tx: SendStream) {
    insta::assert_snapshot!(tx.send_heap(&heap(len)).unwrap().bytes);
}

#[spead_test(snapshot = false)]
#[rstest]
#[case::a(1)]
#[case::b(2)]
fn own_snapshots_by_name(#[case] len: usize, tx: SendStream, rx: RecvStream) {
    insta::assert_snapshot!("named", len + 10);
    tx.send_heap(&heap(len)).unwrap();
    thread::spawn(move || assert_heaps_snapshot!(rx, "in_a_thread")).join().unwrap();
}

/// What is written inline is the same for all cases.
#[spead_test(snapshot = false)]
#[rstest]
#[case::one(1)]
#[case::two(2)]
fn inline(#[case] senders: u64, tx: [SendStream; 2], rx: RecvStream) {
    assert!(senders < 3);
    tx[0].send_heap(&Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 5).build().unwrap()).unwrap();
    assert_heaps_snapshot!(rx, @r"
    heap 0x1 from sender 0: whole, 1 packet, SPEAD-64-48
      0x1600 u48 = 5
    stats: heaps 1, evicted 0, flushed 0, packets 1, single-packet heaps 1
    window: max_heaps 4, substreams 2, in order
    ");
}

macro_rules! typed {
    ($name:ident, $ty:ty) => {
        #[spead_test(senders = 2, snapshot = false)]
        #[rstest]
        #[case(2)]
        fn $name(#[case] senders: usize, tx: $ty) {
            assert_eq!(tx.len(), senders);
        }
    };
}

typed!(rest_from_a_macro, Vec<SendStream>);

mod r#loop {
    use super::*;

    #[spead_test]
    #[rstest]
    #[case(4)]
    fn r#in(#[case] len: usize, tx: SendStream) {
        tx.send_heap(&heap(len)).unwrap();
        insta::assert_snapshot!("sent", len);
    }
}

fn masked() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_suffix("masked");
    settings.add_filter("digest [0-9a-f]{16}", "digest [masked]");
    settings
}

#[spead_test(settings = masked())]
#[rstest]
#[case::a(17)]
fn own_settings(#[case] len: usize, tx: SendStream) {
    insta::assert_snapshot!(format!("{:?}", tx.send_heap(&heap(len)).unwrap().cnt));
}

#[spead_test]
#[rstest]
#[case::a(1)]
#[case::b(2)]
#[tokio::test]
async fn on_tokio(#[case] len: usize, tx: SendStream, rx: RecvStream) -> anyhow::Result<()> {
    let sent = tx.send_heap_async(&heap(len));
    rx.next_heap_async().await?;
    sent.await?;
    insta::assert_snapshot!(len);
    Ok(())
}

#[spead_test(threads = true)]
#[rstest]
#[case::a(1)]
#[case::b(2)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_many_threads(#[case] len: usize, #[values("x", "y")] text: &'static str, tx: SendStream, rx: RecvStream) {
    let sent = tokio::spawn(async move { tx.send_heap_async(&heap(len)).await.map(|sent| sent.bytes) });
    rx.next_heap_async().await.unwrap();
    insta::assert_snapshot!(format!("{} {text}", sent.await.unwrap().unwrap()));
}

async fn later() -> usize {
    tokio::task::yield_now().await;
    9
}

#[spead_test(snapshot = false)]
#[rstest]
#[case(later())]
#[tokio::test]
async fn future(
    #[future]
    #[case]
    len: usize,
    tx: SendStream,
) {
    tx.send_heap(&heap(len.await)).unwrap();
}

#[spead_test(snapshot = false, max_heaps = len)]
#[rstest]
#[case(later())]
#[tokio::test]
async fn awaited_future(
    #[future(awt)]
    #[case]
    len: usize,
    tx: SendStream,
) {
    tx.send_heap(&heap(len)).unwrap();
}
