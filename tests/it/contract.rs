//! What a user of spead-inproc writes. Every test below compiles and passes against the finished crates: names, argument
//! order and meaning are fixed here; everything else is the implementers' choice. Where a better shape is found, keep these working.

use rstest::rstest;
use spead_inproc::{
    Descriptor, Flavour, GroupMode, Harness, Heap, InprocQueue, ItemGroup, RecvConfig, RecvError, RecvStream,
    SendConfig, SendError, SendStream, Value, assert_heaps_snapshot, spead_test,
};

const TIMESTAMP: u64 = 0x1600;
const FENG_ID: u64 = 0x4101;
const FENG_RAW: u64 = 0x4300;

/// A heap by hand: ids and values are checked once, by `build`.
fn feng_heap(timestamp: u64, feng_id: u64, len: usize) -> Heap {
    Heap::builder(Flavour::SPEAD_64_48)
        .immediate(TIMESTAMP, timestamp)
        .immediate(FENG_ID, feng_id)
        .item(FENG_RAW, (0..=255).cycle().take(len).collect::<Vec<u8>>())
        .build()
        .expect("ids and immediates fit SPEAD-64-48")
}

// ---------------------------------------------------------------- the attribute

/// The owner's example: two senders, one queue, the heaps compared with `snapshots/…two_antennas@heaps.snap`.
#[spead_test(senders = 2, max_heaps = 4)]
fn two_antennas(tx: [SendStream; 2], rx: RecvStream) {
    tx[0].send_heap(&feng_heap(0, 0, 16384)).unwrap();
    tx[1].send_heap(&feng_heap(0, 1, 16384)).unwrap();
    let first = rx.next_heap().unwrap();
    assert_eq!(first.item(FENG_ID).unwrap().as_immediate(), Some(0));
    // the second heap is not read here: it is drained and in the snapshot all the same
}

/// Handles come by type, in any order and any pattern; `senders` is inferred.
#[spead_test(snapshot = false)]
fn by_type(rx: RecvStream, a: SendStream, b: SendStream) -> Result<(), Box<dyn std::error::Error>> {
    a.send_heap(&feng_heap(1, 0, 8))?;
    b.send_heap(&feng_heap(1, 1, 8))?;
    let heaps = rx.heaps().take(2).collect::<Result<Vec<_>, _>>()?; // an iterator of Result; `for heap in &rx` is the same one
    assert_eq!(heaps.len(), 2);
    Ok(())
}

/// Cases: one snapshot file each, named after the case; the attribute may use a case's values.
#[spead_test(senders = 1, max_heaps = window)]
#[rstest]
#[case::one_packet(64, 1)]
#[case::many_packets(100_000, 4)]
fn sizes(#[case] len: usize, #[case] window: usize, tx: SendStream) {
    tx.send_heap(&feng_heap(0, 0, len)).unwrap();
}

/// The other order works when handles carry rstest's `#[ignore]`.
#[rstest]
#[case::small(10)]
#[case::large(10_000)]
#[spead_test]
fn below_rstest(#[case] len: usize, #[ignore] tx: SendStream, #[ignore] rx: RecvStream) {
    tx.send_heap(&feng_heap(0, 0, len)).unwrap();
    assert_eq!(rx.next_heap().unwrap().item(FENG_RAW).unwrap().bytes().len(), len);
}

/// Async, on the runtime whose attribute stands below.
#[spead_test(senders = 1)]
#[tokio::test]
async fn asynchronous(tx: SendStream, rx: RecvStream) {
    let sent = tx.send_heap_async(&feng_heap(0, 0, 9000)); // queued now, in order; the future borrows nothing and resolves when it is sent
    let heap = rx.next_heap_async().await.unwrap();
    sent.await.unwrap();
    assert_eq!(heap.item(FENG_RAW).unwrap().bytes().len(), 9000); // next_heap gives whole heaps only
}

/// Reading what cannot come fails at once and says why.
#[spead_test(senders = 1, snapshot = false)]
fn over_read(tx: SendStream, rx: RecvStream) {
    tx.send_heap(&feng_heap(0, 0, 8)).unwrap();
    rx.next_heap().unwrap();
    assert!(matches!(rx.next_heap(), Err(RecvError::Starved { .. })));
}

// ---------------------------------------------------------------- without the attribute

/// As in the in-process transport's manual: send everything, stop, make the receiver afterwards.
#[test]
fn queue_first_receiver_later() {
    let queue = InprocQueue::new();
    let tx = SendStream::new(&queue, SendConfig { max_packet_size: 1472, ..SendConfig::default() }).unwrap();
    let sent = tx.send_heap(&feng_heap(7, 3, 65536)).unwrap();
    assert_eq!((sent.packets, sent.bytes), (46, 67_400)); // bytes as spead2 counts them: headers included
    queue.stop();
    queue.stop();
    assert!(matches!(tx.send_heap(&feng_heap(8, 3, 8)), Err(SendError::Stopped { .. })));
    assert!(queue.add_packet(vec![0u8; 8]).is_err());

    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    let heap = rx.next_heap().unwrap();
    assert_eq!(heap.cnt(), sent.cnt);
    assert_eq!(heap.item(TIMESTAMP).unwrap().as_immediate(), Some(7));
    assert!(matches!(rx.next_heap(), Err(RecvError::Stopped)));
    assert_eq!(rx.stats().heaps, 1);
}

/// Groups, substreams and heap cnts.
#[test]
fn groups_and_substreams() {
    let queues = [InprocQueue::new(), InprocQueue::new()];
    let tx = SendStream::with_substreams(&queues, SendConfig::default()).unwrap();
    tx.set_cnt_sequence(10, 2).unwrap();
    let (a, b) = (feng_heap(0, 0, 4000), feng_heap(0, 1, 4000));
    tx.send_heaps(&[a.on_substream(0), b.on_substream(1)], GroupMode::RoundRobin).unwrap();
    assert_eq!((queues[0].len(), queues[1].len()), (3, 3));
}

/// Foreign bytes go through the same parser; nonsense has a reason, and nothing is lost.
#[test]
fn every_packet_has_a_fate() {
    let queue = InprocQueue::new();
    queue.add_packet(&b"not a SPEAD packet"[..]).unwrap();
    queue.stop();
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    assert!(matches!(rx.next_heap(), Err(RecvError::Stopped)));
    let ledger = rx.ledger();
    assert_eq!((ledger.received(), ledger.used(), ledger.rejected()), (1, 0, 1));
    assert!(ledger.to_string().contains("magic"));
}

/// Typed items: descriptors, groups, values.
#[test]
fn items_by_name() {
    let mut sent = ItemGroup::new(Flavour::SPEAD_64_48);
    let visibilities = Value::from(vec![1i32, 2, 3, 4, 5, 6, 7, 8]); // a Vec is flat, the descriptor shapes it; arrays bring a shape that must match
    sent.add(Descriptor::new(0x1800, "xeng_raw", "visibilities").dtype("<i4").shape([4, 2]), visibilities).unwrap();
    sent.add(Descriptor::new(TIMESTAMP, "timestamp", "ADC samples").format("u48"), Value::from(2_097_152u64)).unwrap();

    let harness = Harness::builder().senders(1).build().unwrap();
    harness.sender(0).send_heap(&sent.heap().unwrap()).unwrap(); // descriptors and values that are new since the last heap
    harness.stop();

    let mut received = ItemGroup::new(Flavour::SPEAD_64_48);
    let updated = received.update(&harness.receiver().next_heap().unwrap()).unwrap();
    assert_eq!(updated, ["xeng_raw", "timestamp"]);
    assert_eq!(received["timestamp"].value().unwrap().as_u64(), Some(2_097_152));
    assert_eq!(received["xeng_raw"].shape(), [4, 2]);
}

/// A snapshot in the middle, by name (or inline: `@"…"` in its place).
#[test]
fn snapshot_in_the_body() {
    let harness = Harness::builder().senders(2).max_heaps(4).build().unwrap();
    harness.sender(1).send_heap(&feng_heap(0, 1, 8)).unwrap();
    harness.stop();
    assert_heaps_snapshot!(harness.receiver(), "one_of_two_senders");
}
