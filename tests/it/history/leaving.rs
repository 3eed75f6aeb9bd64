//! How heaps leave the window before they are whole, and what is said of the packets that come after.

use bytes::Bytes;
use spead_inproc::{
    Event, Flavour, Heap, InprocQueue, Limits, RecvConfig, Rejection, SendConfig, SendStream,
    stream::{Entry, PacketSink},
};
use support::raw_packet::{RawPacket, addressed};

use super::{any_order, drain, halves, part, receive, single, stop, stream, unsized_part, window};

/// Windows of so many heaps that may hold so many bytes.
fn limited(max_heaps: usize, live_bytes: u64) -> RecvConfig {
    RecvConfig { limits: Limits { live_bytes, ..Limits::default() }, ..window(max_heaps) }
}

#[test]
fn what_a_new_heap_evicts_makes_room_for_it() {
    // Heap 1 is stuck, and holds all that may be held.
    let stuck = || part(1, 20, 0..10);
    let received = receive(limited(1, 10), [stuck(), part(2, 5, 0..5), stop(3)]);
    assert_eq!(received.heaps(), ["1: 0..10 of 20, evicted by 2", "2: whole"]);
    assert_eq!((received.fates().as_str(), received.left), ("used 2, evicted 1", 0));
    assert!(received.ledger.stopped_by().is_some());

    let received = receive(limited(1, 10), [stuck(), part(2, 10, 0..8), part(2, 10, 8..10)]);
    assert_eq!(received.heaps(), ["1: 0..10 of 20, evicted by 2", "2: whole"]);

    // Only what is in the slot makes room.
    let received = receive(limited(2, 10), [stuck(), part(2, 10, 0..5)]);
    assert_eq!(received.heaps(), ["1: 0..10 of 20, flushed"]);
    assert_eq!(received.rejections(), [(Rejection::LiveBytesLimit { live: 15, limit: 10 }, 1)]);
}

#[test]
fn a_heap_that_the_limit_keeps_out_evicts_nothing() {
    // Nor does it take its turn: heap 3 gets the slot that heap 2 would have had.
    let packets = [part(1, 20, 0..10), part(2, 20, 0..11), part(1, 20, 10..10), part(3, 20, 0..10)];
    let received = receive(limited(1, 10), packets);
    assert_eq!(received.heaps(), ["1: 0..10 of 20, evicted by 3", "3: 0..10 of 20, flushed"]);
    assert_eq!(received.rejections(), [(Rejection::LiveBytesLimit { live: 11, limit: 10 }, 1)]);
    assert_eq!(received.fates(), "rejected 1, evicted 2, flushed 1");
}

#[test]
fn a_heap_of_one_packet_is_never_live_unless_it_cannot_be_whole() {
    let received = receive(limited(2, 10), [part(1, 20, 0..10), part(2, 64, 0..64)]);
    assert_eq!(received.heaps(), ["2: whole", "1: 0..10 of 20, flushed"]);

    // As a sender's own heap, too.
    let queue = InprocQueue::new();
    queue.add_packet(part(1, 20, 0..10)).unwrap();
    let tx = SendStream::new(&queue, SendConfig::default()).unwrap();
    let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x1000, vec![1; 64]).build().unwrap();
    tx.send_heap(heap.with_cnt(2)).unwrap();
    queue.stop();
    let received = drain(&stream(limited(2, 10), &queue), &queue);
    assert_eq!(received.heaps(), ["2: whole", "1: 0..10 of 20, flushed"]);

    // One with an item behind its end stays, and is held.
    let beyond = RawPacket { pointers: vec![addressed(48, 0x1000, 12)], ..RawPacket::part(2, 11, 0..11) }.bytes();
    let received = receive(limited(2, 10), [beyond, stop(3)]);
    assert!(received.events.is_empty());
    assert_eq!(received.rejections(), [(Rejection::LiveBytesLimit { live: 11, limit: 10 }, 1)]);
}

#[test]
fn what_eviction_cut_off_an_unsized_heap_is_late_and_what_had_come_a_duplicate() {
    let again = [unsized_part(1, 32..64), unsized_part(1, 16..32), unsized_part(1, 31..33)];
    let received = receive(window(1), [unsized_part(1, 0..32), single(2)].into_iter().chain(again));
    assert_eq!(received.heaps(), ["1: whole", "2: whole"]);
    assert_eq!(received.fates(), "used 2, duplicate 1, late 2");
    // spead2 counts the heap as evicted; it was handed over all the same, with what had come.
    assert_eq!(received.stats(), [2, 5, 1, 0, 1]);
    assert_eq!((received.ledger.heaps().whole, received.ledger.heaps().evicted), (2, 0));
    let story = received.ledger.explain(1).to_string();
    assert!(!story.contains("delivered whole"), "{story}");
    for part in ["32 bytes", "no packet said", "heap 0x2 evicted it", "raise `max_heaps`", "offset 32 was late"] {
        assert!(story.contains(part), "{part} is not in\n{story}");
    }
}

#[test]
fn a_packet_behind_the_end_of_a_whole_heap_is_of_another_heap() {
    let [first, second] = halves(1);
    let received = receive(RecvConfig::default(), [first, second.clone(), second, part(1, 96, 64..96)]);
    assert_eq!(received.heaps(), ["1: whole"]);
    assert_eq!(received.fates(), "used 2, duplicate 1, rejected 1");
    assert_eq!(received.rejections(), [(Rejection::NotStarted { payload_offset: 64 }, 1)]);
    // A heap of one packet, which has no other.
    let received = receive(RecvConfig::default(), [single(1), part(1, 64, 16..32), part(1, 64, 32..64)]);
    assert_eq!(received.fates(), "used 1, duplicate 1, rejected 1");
}

#[test]
fn an_unsized_packet_behind_the_end_of_a_heap_is_not_an_item_that_points_there() {
    let with = |pointers| RawPacket { pointers, ..RawPacket::part(1, 10, 0..5) }.bytes();
    let seen = |packets: [Bytes; 2]| {
        let received = receive(any_order(), packets);
        let [Event::Incomplete(heap)] = received.events.as_slice() else { panic!("{:?}", received.events) };
        let never = received.ledger.explain(1).to_string().contains("can never be whole");
        assert_eq!(never, heap.item_beyond_end().is_some());
        let ranges = format!("{:?}, missing {:?}", heap.payload_ranges(), heap.missing_ranges());
        (ranges, heap.item_beyond_end())
    };
    let beyond = || unsized_part(1, 12..15);
    let none = with(vec![addressed(48, 0x1000, 0)]);
    assert_eq!(seen([none.clone(), beyond()]), ("[0..5, 12..15], missing [5..10]".to_owned(), None));
    assert_eq!(seen([none, unsized_part(1, 8..15)]), ("[0..5, 8..15], missing [5..8]".to_owned(), None));
    let item = with(vec![addressed(48, 0x1000, 11)]);
    assert_eq!(seen([item, beyond()]), ("[0..5, 12..15], missing [5..10]".to_owned(), Some(11)));
}

#[test]
fn one_of_a_thing_is_told_in_the_singular() {
    let received = receive(window(1), [part(1, 64, 0..1), part(2, 64, 0..32)]);
    let story = received.ledger.explain(1).to_string();
    assert_eq!(
        story,
        "heap 0x1 from foreign bytes: 1 byte of 64 came, in 1 packet; missing 1..64\n  heap 0x2 evicted it: 1 newer \
         heap had started, and max_heaps is 1; raise `max_heaps`, or `substreams` so that senders do not share a window\n"
    );
    let config = RecvConfig { substreams: 2, ..window(2) };
    let story = receive(config, [1, 3, 5].map(|cnt| part(cnt, 64, 0..32))).ledger.explain(1).to_string();
    assert!(
        story.contains("heap 0x5 evicted it: 2 newer heaps of substream 1 had started, and max_heaps is 2;"),
        "{story}"
    );

    let read = |packets: Vec<Bytes>| receive(RecvConfig::default(), packets).ledger.to_string();
    assert!(read(vec![single(1)]).starts_with("1 packet read\n"));
    assert!(read(vec![single(1), single(2)]).starts_with("2 packets read\n"));

    let queue = InprocQueue::new();
    queue.stop();
    let came_back = |bytes: &'static [u8]| queue.add_packet(bytes).unwrap_err().to_string();
    assert!(came_back(&[1]).contains("a packet of 1 byte came back"));
    assert!(came_back(&[1, 2]).contains("a packet of 2 bytes came back"));
    let refused = queue.put(Entry::from(Bytes::from_static(&[1]))).unwrap_err().to_string();
    assert!(refused.contains("1 packet came back"), "{refused}");
}
