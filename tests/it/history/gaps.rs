//! Rules that broken versions of the code broke without any other test noticing.

use bytes::Bytes;
use spead_inproc::{
    Event, Fate, Flavour, GroupMode, Harness, Heap, InprocQueue, Limits, PacketizeError, Packetizer, RecvConfig,
    RecvStream, Rejection, SendConfig, SendStream,
    heap::Origin,
    recv::Reassembler,
    stream::{PacketSource, Taken},
    wire::{Packet, PacketError, Payload, Segment},
};
use support::{
    queue::drain,
    raw_packet::{RawPacket, addressed, immediate},
};

use super::{any_order, part, receive, single, window};

/// Part of a heap of 32 bytes a packet with these item pointers and nothing else.
fn with_pointers(packets: u64, packet: u64, pointers: Vec<u64>) -> Bytes {
    let payload = packet * 32..packet * 32 + 32;
    RawPacket { pointers, ..RawPacket::part(1, packets * 32, payload) }.bytes()
}

fn ids(heap: &Heap) -> Vec<u64> {
    heap.items().iter().map(|item| item.id().get()).collect()
}

/// Immediate items with these ids; the value is the id.
fn immediates(ids: impl IntoIterator<Item = u64>) -> Vec<u64> {
    ids.into_iter().map(|id| immediate(48, id, id)).collect()
}

#[test]
fn header_and_payload_apart_are_judged_as_if_they_were_together() {
    let whole = single(7);
    let (header, payload) = (whole.slice(..48), whole.slice(48..));
    assert_eq!(Packet::parse_parts(&header, Payload::new(Segment::new(&payload, 0..32), &[])).unwrap().cnt(), 7);
    for taken in 0..32 {
        let parts = Packet::parse_parts(&header, Payload::new(Segment::new(&payload, 0..taken), &[])).unwrap_err();
        assert_eq!(parts, Packet::parse(&whole.slice(..48 + taken)).unwrap_err());
    }
    let longer = Bytes::from([&payload[..], &[0]].concat());
    let error = Packet::parse_parts(&header, Payload::new(Segment::new(&longer, 0..33), &[])).unwrap_err();
    assert_eq!(error, PacketError::TrailingBytes { packet: 80, found: 81 });
    // Bytes of the payload that stand in the header are in the wrong place.
    let error = Packet::parse_parts(&whole.slice(..49), Payload::new(Segment::new(&payload, 1..32), &[])).unwrap_err();
    assert_eq!(error, PacketError::TrailingBytes { packet: 48, found: 49 });
    // A header must be there by itself; what the payload has does not count.
    let short = |header: usize| {
        Packet::parse_parts(&whole.slice(..header), Payload::new(Segment::new(&payload, 0..32), &[])).unwrap_err()
    };
    assert_eq!(short(5), PacketError::TooShort { found: 5 });
    assert_eq!(short(20), PacketError::ItemTable { pointers: 5, need: 48, found: 20 });
}

#[test]
fn an_immediate_descriptor_is_an_item_and_an_address_of_a_special_id_is_none() {
    let pointers = vec![immediate(48, 5, 9), addressed(48, 1, 0), addressed(48, 4, 8), addressed(48, 0x1000, 0)];
    let received = receive(RecvConfig::default(), [with_pointers(1, 0, pointers)]);
    assert_eq!(ids(received.whole()), [5, 0x1000]);
    assert_eq!(received.whole().item(5).unwrap().as_immediate(), Some(9));
    assert_eq!(received.whole().item(0x1000).unwrap().bytes().len(), 32);
    // But the address bounds the heap.
    let received = receive(RecvConfig::default(), [with_pointers(1, 0, vec![addressed(48, 1, 33)])]);
    assert_eq!(received.heaps(), ["1: 0..32 of 32, flushed"]);
}

#[test]
fn only_an_immediate_2_stops() {
    let item = |pointer| with_pointers(1, 0, vec![pointer]);
    for pointer in [addressed(48, 6, 2), immediate(48, 6, 0), immediate(48, 6, 1), immediate(48, 6, 258)] {
        let received = receive(RecvConfig::default(), [item(pointer), single(2)]);
        assert_eq!(received.heaps(), ["1: whole", "2: whole"], "{pointer:x}");
    }
    // Whatever comes after it in the same packet.
    let both = with_pointers(1, 0, vec![immediate(48, 6, 2), immediate(48, 0x1600, 5), immediate(48, 6, 0)]);
    let received = receive(RecvConfig::default(), [both, single(2)]);
    assert!(received.events.is_empty());
    assert_eq!((received.left, received.ledger.heaps().control), (1, 1));
}

#[test]
fn padding_that_the_flavour_cannot_say_is_an_error() {
    let narrow = Flavour::new(8).unwrap();
    let heap =
        |items: u64| (0..items).fold(Heap::builder(narrow), |heap, id| heap.immediate(0x10 + id, 1)).build().unwrap();
    // One pointer a packet, and each packet but the last has eight bytes.
    assert_eq!(Packetizer::new(&heap(31), 1, 56).unwrap().len(), 32);
    let error = Packetizer::new(&heap(32), 1, 56).unwrap_err();
    assert_eq!(error, PacketizeError::Padding { items: 32, length: 257, flavour: narrow });
}

#[test]
fn the_16_bits_that_count_item_pointers_do_not_spill() {
    let wide = Flavour::SPEAD_64_40;
    let heap = (0..66_000).fold(Heap::builder(wide), |heap, id| heap.immediate(0x1000 + id, id)).build().unwrap();
    let packets = Packetizer::new(&heap, 1, 1 << 20).unwrap();
    let pointers: Vec<_> = packets.iter().map(|bytes| Packet::parse(&bytes).unwrap().item_pointers().len()).collect();
    assert_eq!(pointers, [0xffff, 4 + 66_000 + 1 - (0xffff - 4)], "with a null item");
    assert_eq!(receive(RecvConfig::default(), packets.iter()).whole(), &heap);
}

#[test]
fn bytes_sent_are_those_of_the_packets_with_repeated_pointers_and_in_parts_too() {
    let queue = InprocQueue::new();
    let tx = SendStream::new(&queue, SendConfig { max_packet_size: 120, ..SendConfig::default() }).unwrap();
    let immediates = (0..5).fold(Heap::builder(Flavour::SPEAD_64_48), |heap, id| heap.immediate(0x1600 + id, id));
    let heap = immediates.item(0x1000, vec![1; 500]).build().unwrap();
    let sent = tx.send_heap(heap.repeat_pointers()).unwrap();
    assert_eq!(sent.bytes, drain(&queue).iter().map(|packet| packet.len() as u64).sum::<u64>());
    // One packet at a time.
    tx.send_heaps(&[(&heap).into(), heap.repeat_pointers()], GroupMode::RoundRobin).unwrap();
    while let Taken::Entry(entry) = queue.take() {
        let spead_inproc::stream::Entry::Run(run) = &entry else { panic!("{entry:?}") };
        let [packet] = entry.packets().try_into().unwrap();
        assert_eq!((run.len(), run.bytes()), (1, packet.len() as u64), "{:?}", run.range());
    }
}

#[test]
fn heaps_may_finish_in_any_order() {
    const LIVE: u64 = 2048;
    // Cnts that are far from regular, so that several share a place in the table.
    let cnt = |heap: u64| heap * heap * 7919 % 1_000_003;
    let mut reassembler = Reassembler::new(window(2048)).unwrap();
    let mut push = |heap: u64, payload| {
        let bytes = part(cnt(heap), 64, payload);
        reassembler.push(&Packet::parse(&bytes).unwrap(), Origin::FOREIGN);
    };
    (0..LIVE).for_each(|heap| push(heap, 0..32));
    (0..LIVE).for_each(|heap| push(heap * 1021 % LIVE, 32..64));
    assert_eq!((reassembler.ledger().used(), reassembler.stats().heaps), (2 * LIVE, LIVE));
}

#[test]
fn limits_are_what_is_still_allowed() {
    let with = |limits| RecvConfig { limits, max_heaps: 2, ..RecvConfig::default() };
    let limits = Limits::default();

    let config = with(Limits { heap_length: 64, ..limits });
    let received = receive(config, [part(1, 64, 0..64), part(2, 65, 0..32)]);
    assert_eq!(received.heaps(), ["1: whole"]);
    assert_eq!(received.rejections(), [(Rejection::HeapLengthLimit { given: 65, limit: 64 }, 1)]);

    // Repeated pointers count once, and special ones not at all.
    let config = with(Limits { items: 3, ..limits });
    let packets =
        [immediates([10, 11]), immediates([11, 12, 10]), [immediates([11, 12]), vec![addressed(48, 2, 0)]].concat()];
    let packets = (0..).zip(packets).map(|(at, pointers)| with_pointers(3, at, pointers));
    assert_eq!(ids(receive(config, packets).whole()), [10, 11, 12]);
    let received =
        receive(config, [with_pointers(2, 0, immediates([10, 11])), with_pointers(2, 1, immediates([12, 13, 12]))]);
    assert_eq!(received.heaps(), ["1: 0..32 of 64, flushed"]);
    assert_eq!(received.rejections(), [(Rejection::ItemLimit { items: 4, limit: 3 }, 1)]);

    let config = with(Limits { items: 10, ..limits });
    let received = receive(config, [with_pointers(2, 0, immediates(10..18)), with_pointers(2, 1, immediates(20..23))]);
    assert_eq!(received.rejections(), [(Rejection::ItemLimit { items: 11, limit: 10 }, 1)]);

    // What was delivered, evicted or flushed is not held any more; what is live is.
    let config = with(Limits { live_bytes: 96, ..limits });
    let whole = (1..20).flat_map(|cnt| [part(cnt, 96, 0..64), part(cnt, 96, 64..96)]);
    let received = receive(config, whole);
    assert_eq!((received.stats.heaps, received.fates()), (19, "used 38".to_owned()));
    let partial = (1..20).map(|cnt| part(cnt, 64, 0..32));
    assert_eq!(receive(config, partial).fates(), "evicted 17, flushed 2");
    let received = receive(config, [part(1, 96, 0..32), part(2, 96, 0..32), part(1, 96, 32..64), part(2, 96, 32..33)]);
    assert_eq!(received.rejections(), [(Rejection::LiveBytesLimit { live: 97, limit: 96 }, 1)]);
    // Also what a heap that ended meanwhile had held.
    let packets = [part(1, 96, 0..32), single(2), single(3), part(1, 96, 32..96), part(4, 98, 0..97), single(5)];
    let received = receive(RecvConfig { max_heaps: 4, ..config }, packets);
    assert_eq!(received.heaps(), ["2: whole", "3: whole", "1: whole", "5: whole"]);
    assert_eq!(received.rejections(), [(Rejection::LiveBytesLimit { live: 97, limit: 96 }, 1)]);
}

#[test]
fn a_packet_that_is_refused_evicts_nothing() {
    let limits = Limits { heap_length: 64, items: 3, ..Limits::default() };
    let too_many = RawPacket { pointers: immediates(10..14), ..RawPacket::part(3, 64, 0..32) }.bytes();
    for refused in [part(2, 65, 0..32), too_many] {
        let packets = [part(1, 64, 0..32), refused, part(1, 64, 32..64)];
        let received = receive(RecvConfig { limits, ..window(1) }, packets);
        assert_eq!(received.heaps(), ["1: whole"]);
        assert_eq!(received.fates(), "used 2, rejected 1");
    }
}

#[test]
fn an_immediate_null_is_no_item_in_a_whole_heap_or_in_a_part() {
    let pointers = || vec![immediate(48, 0, 5), immediate(48, 0x1600, 6)];
    let received = receive(RecvConfig::default(), [with_pointers(1, 0, pointers())]);
    assert_eq!(ids(received.whole()), [0x1600]);
    let received = receive(RecvConfig::default(), [with_pointers(2, 0, pointers())]);
    let [Event::Incomplete(heap)] = received.events.as_slice() else { panic!("{:?}", received.events) };
    assert_eq!(heap.items().iter().map(|item| item.id().get()).collect::<Vec<_>>(), [0x1600]);
}

#[test]
fn packets_of_several_senders_in_one_heap_are_counted_for_each() {
    let mut reassembler = Reassembler::new(RecvConfig::default()).unwrap();
    let senders = [2, 0, 1, 0, 1, 1].map(Origin::sender);
    for (at, sender) in (0..).zip(senders) {
        let bytes = part(1, 192, at * 32..at * 32 + 32);
        reassembler.push(&Packet::parse(&bytes).unwrap(), sender);
    }
    let Some(Event::Heap(heap)) = reassembler.pop() else { panic!("no heap") };
    assert_eq!((heap.origin(), heap.packets()), (Origin::sender(2), 6));
    let lanes: Vec<_> = reassembler.ledger().lanes().map(|(origin, counts)| (origin, counts.of(Fate::Used))).collect();
    assert_eq!(lanes, [(0, 2), (1, 3), (2, 1)].map(|(sender, packets)| (Origin::sender(sender), packets)));
}

#[test]
fn reasons_are_counted_for_each_sender_and_told_apart() {
    let mut reassembler = Reassembler::new(RecvConfig::default()).unwrap();
    let late = part(1, 96, 32..64);
    for sender in [1, 0, 1] {
        reassembler.push(&Packet::parse(&late).unwrap(), Origin::sender(sender));
    }
    for error in [PacketError::Magic { found: 1 }, PacketError::Version { found: 1 }, PacketError::Magic { found: 2 }] {
        reassembler.push_broken(error, Origin::sender(0));
    }
    let not_started = Rejection::NotStarted { payload_offset: 32 };
    let reasons: Vec<_> = reassembler.ledger().rejections().collect();
    let broken = |error| Rejection::Packet(error);
    assert_eq!(
        reasons,
        [
            (Origin::sender(1), not_started, 2),
            (Origin::sender(0), not_started, 1),
            (Origin::sender(0), broken(PacketError::Magic { found: 1 }), 2),
            (Origin::sender(0), broken(PacketError::Version { found: 1 }), 1),
        ]
    );
    // What is no packet wakes the reader all the same.
    assert_eq!((reassembler.stats().packets, reassembler.stats().batches), (3, 6));
}

#[test]
fn a_pointer_stands_where_its_first_packet_has_it_whichever_came_first() {
    let packets = [immediates([10, 11]), immediates([12, 11])];
    let [first, second] = [0, 1].map(|at| with_pointers(2, at, packets[usize::try_from(at).unwrap()].clone()));
    for order in [[first.clone(), second.clone()], [second, first]] {
        assert_eq!(ids(receive(any_order(), order).whole()), [10, 11, 12]);
    }
}

#[test]
fn many_pointers_repeated_in_another_order_appear_once() {
    let all: Vec<u64> = (100..140).collect();
    let backwards: Vec<u64> = all.iter().rev().copied().collect();
    for known in [15, 16, 17, 18, 40] {
        let packets = [immediates(all[..known].to_vec()), immediates(backwards.clone()), immediates(all.clone())];
        let packets = (0..).zip(packets).map(|(at, pointers)| with_pointers(3, at, pointers));
        let mut expected = all[..known].to_vec();
        expected.extend(backwards.iter().filter(|id| !all[..known].contains(id)));
        assert_eq!(ids(receive(RecvConfig::default(), packets).whole()), expected, "{known}");
    }
}

#[test]
fn a_heap_does_not_remember_the_pointers_of_the_heap_before() {
    // The second heap is kept in the memory of the first.
    let first = with_pointers(1, 0, immediates(100..140));
    let second = with_pointers(1, 0, immediates((200..220).chain(100..110)));
    let received = receive(RecvConfig::default(), [first, second]);
    let heaps: Vec<_> = received.events.into_iter().filter_map(Event::into_heap).collect();
    assert_eq!(ids(&heaps[1]), (200..220).chain(100..110).collect::<Vec<_>>());
}

#[test]
fn a_look_at_what_is_still_arriving_changes_nothing() {
    let harness = Harness::builder().out_of_order().build().unwrap();
    let (rx, queue) = (harness.receiver(), harness.queue());
    let packets = [immediates(100..120), immediates(120..140), immediates((100..140).rev())];
    let [first, second, third] =
        [0_u64, 1, 2].map(|at| with_pointers(3, at, packets[usize::try_from(at).unwrap()].clone()));
    for packet in [second, first] {
        queue.add_packet(packet).unwrap();
        rx.next_heap().unwrap_err();
    }
    queue.add_packet(third).unwrap();
    assert_eq!(ids(&rx.next_heap().unwrap()), (100..140).collect::<Vec<_>>());
    assert_eq!(harness.finish().receivers[0].ledger.used(), 3);
}

#[test]
fn of_heaps_with_one_cnt_the_newest_is_found_and_its_fate_counts() {
    // A single-packet heap takes a slot without looking; one whose item lies beyond its end stays there.
    let beyond = RawPacket { pointers: vec![addressed(48, 0x1000, 40)], ..RawPacket::part(1, 32, 0..32) }.bytes();
    let received = receive(RecvConfig::default(), [part(1, 64, 0..32), beyond, part(1, 64, 32..64)]);
    assert_eq!(received.rejections(), [(Rejection::HeapLength { known: 32, given: 64 }, 1)]);
    assert_eq!(received.heaps(), ["1: 0..32 of 64, flushed", "1: 0..32 of 32, flushed"]);

    // Evicted, then delivered under the same cnt: what comes now repeats what was delivered.
    let [first, second] = super::halves(1);
    let packets = [first.clone(), single(2), first, second.clone(), second];
    let received = receive(window(1), packets);
    assert_eq!(received.heaps(), ["1: 0..32 of 64, evicted by 2", "2: whole", "1: whole"]);
    assert_eq!(received.fates(), "used 3, duplicate 1, evicted 1");
}

#[test]
fn several_readers_take_turns_and_the_stream_ends_with_the_last() {
    let queues = [InprocQueue::new(), InprocQueue::new()];
    let rx = RecvStream::new(window(8)).unwrap();
    let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x1000, vec![1; 70]).build().unwrap();
    for (queue, first) in queues.iter().zip([1, 101]) {
        let tx = SendStream::new(queue, SendConfig { max_packet_size: 64, ..SendConfig::default() }).unwrap();
        tx.set_cnt_sequence(first, 1).unwrap();
        (0..2).for_each(|_| assert_eq!(tx.send_heap(&heap).unwrap().packets, 4));
        rx.add_inproc_reader(queue).unwrap();
    }
    queues[0].stop();
    let cnts: Vec<_> = std::iter::from_fn(|| rx.try_next_heap().unwrap()).map(|heap| heap.cnt().get()).collect();
    assert_eq!(cnts, [1, 101, 2, 102], "packet by packet");
    queues[1].add_packet(single(7)).unwrap();
    assert_eq!(rx.next_heap().unwrap().cnt(), 7, "one has ended, the other has not");
    queues[1].stop();
    assert!(rx.heaps().next().is_none());
}

#[test]
fn what_a_stop_leaves_unread_is_given_back_in_order() {
    let queues = [InprocQueue::new(), InprocQueue::new()];
    let add = |queue: usize, packet| queues[queue].add_packet(packet).unwrap();
    let long = Heap::builder(Flavour::SPEAD_64_48).item(0x1000, vec![1; 70]).build().unwrap();
    let config = SendConfig { max_packet_size: 64, ..SendConfig::default() };
    SendStream::new(&queues[1], config).unwrap().send_heap(&long).unwrap();
    add(1, single(5));
    add(1, single(6));
    [single(8), super::stop(9), single(10)].into_iter().for_each(|packet| add(0, packet));
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    queues.iter().for_each(|queue| rx.add_inproc_reader(queue).unwrap());
    // One packet of each in turn: the stop item is the third.
    let events: Vec<_> = std::iter::from_fn(|| rx.next_event().ok()).map(|event| super::show(&event)).collect();
    assert_eq!(events, ["8: whole", "1: 0..16 of 70, flushed"]);
    assert_eq!(queues.each_ref().map(InprocQueue::len), [1, 5]);
    let left = |queue: &InprocQueue| -> Vec<(u64, u64)> {
        let place = |packet: Bytes| {
            let packet = Packet::parse(&packet).unwrap();
            (packet.cnt().get(), packet.payload_offset())
        };
        drain(queue).into_iter().map(place).collect()
    };
    assert_eq!(left(&queues[0]), [(10, 0)]);
    assert_eq!(left(&queues[1]), [(1, 16), (1, 40), (1, 64), (5, 0), (6, 0)]);
}

#[test]
fn a_stop_by_hand_gives_back_what_was_taken_and_keeps_what_is_ready_in_order() {
    let queues = [InprocQueue::new(), InprocQueue::new()];
    let rx = RecvStream::new(RecvConfig { max_heaps: 1, ..RecvConfig::default() }).unwrap();
    let tx = SendStream::new(&queues[0], SendConfig { max_packet_size: 64, ..SendConfig::default() }).unwrap();
    let long = Heap::builder(Flavour::SPEAD_64_48).item(0x1000, vec![1; 70]).build().unwrap();
    queues.iter().for_each(|queue| rx.add_inproc_reader(queue).unwrap());
    tx.send_heap(&long).unwrap();
    queues[1].add_packet(single(5)).unwrap();
    // Heap 5 evicts heap 1, of which the rest stays in the first queue.
    let Event::Incomplete(heap) = rx.next_event().unwrap() else { panic!("a whole heap") };
    assert_eq!((heap.cnt().get(), heap.received_length()), (1, 16));
    rx.stop();
    assert_eq!(rx.next_heap().unwrap().cnt(), 5);
    assert!(rx.heaps().next().is_none());
    assert_eq!(queues.each_ref().map(InprocQueue::len), [3, 0]);
}

#[test]
fn what_is_put_back_comes_first_the_latest_before_the_earlier() {
    let queue = InprocQueue::new();
    (1..=4).for_each(|cnt| queue.add_packet(single(cnt)).unwrap());
    let take = || {
        let Taken::Entry(entry) = queue.take() else { panic!("nothing is queued") };
        entry
    };
    let (first, second) = (take(), take());
    queue.put_back(second);
    queue.put_back(first);
    assert_eq!(queue.len(), 4);
    let cnts = [(); 4].map(|()| Packet::parse(&take().packets()[0]).unwrap().cnt().get());
    assert_eq!(cnts, [1, 2, 3, 4]);
    assert!(queue.is_empty());
}

#[test]
fn what_a_stop_item_flushed_can_be_read_in_order_after_a_stop_by_hand() {
    let queue = InprocQueue::new();
    let packets = [3, 1, 2, 4].map(|cnt| part(cnt, 64, 0..32)).into_iter().chain([super::stop(9)]);
    packets.for_each(|packet| queue.add_packet(packet).unwrap());
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    assert_eq!(rx.next_event().unwrap().cnt(), 3);
    rx.stop();
    let cnts: Vec<_> = std::iter::from_fn(|| rx.next_event().ok()).map(|event| event.cnt().get()).collect();
    assert_eq!(cnts, [1, 2, 4]);
}
