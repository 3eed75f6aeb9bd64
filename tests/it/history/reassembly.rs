//! Behaviours 1 to 28: which packets become heaps.

use bytes::{BufMut, Bytes, BytesMut};
use spead_inproc::{
    Event, Fate, Flavour, Heap, ItemId, Packetizer, RecvConfig, Rejection,
    heap::Origin,
    recv::{Outcome, Reassembler},
    wire::{Packet, PacketError},
};
use support::raw_packet::{RawPacket, addressed, immediate};

use super::{any_order, halves, part, receive, single, stop, unsized_part, window};

#[test]
fn b01_a_heap_missing_a_packet_is_evicted_after_max_heaps_more_even_if_those_are_complete() {
    let [first, rest] = halves(1);
    for max_heaps in 1..6 {
        let later = |count: u64| (2..2 + count).map(single);
        let fewer = receive(
            window(max_heaps),
            [first.clone()].into_iter().chain(later(max_heaps as u64 - 1)).chain([rest.clone()]),
        );
        assert_eq!(fewer.heaps().last().unwrap(), "1: whole", "after one less than {max_heaps}");
        assert_eq!(fewer.stats.incomplete_heaps_evicted, 0);

        let as_many = receive(
            window(max_heaps),
            [first.clone()].into_iter().chain(later(max_heaps as u64)).chain([rest.clone()]),
        );
        let by = max_heaps + 1;
        assert!(as_many.heaps().contains(&format!("1: 0..32 of 64, evicted by {by}")), "{:?}", as_many.heaps());
        assert_eq!(as_many.stats.incomplete_heaps_evicted, 1);
        assert_eq!(as_many.fates(), format!("used {max_heaps}, evicted 1, late 1"));
    }
}

#[test]
fn b02_the_evicted_heap_is_reported_before_the_newcomer() {
    let mut reassembler = Reassembler::new(window(1)).unwrap();
    for bytes in [part(1, 64, 0..32), single(2)] {
        assert_eq!(reassembler.push(&Packet::parse(&bytes).unwrap(), Origin::FOREIGN), Outcome::Accepted);
    }
    let events: Vec<_> = std::iter::from_fn(|| reassembler.pop()).collect();
    assert!(
        matches!(events.as_slice(), [Event::Incomplete(old), Event::Heap(new)] if old.cnt() == 1 && new.cnt() == 2)
    );
}

#[test]
fn b03_heaps_still_partial_at_the_end_are_flushed_oldest_first_and_not_evicted() {
    let received = receive(window(3), [3, 1, 2].map(|cnt| part(cnt, 64, 0..32)));
    assert_eq!(received.heaps(), [3, 1, 2].map(|cnt| format!("{cnt}: 0..32 of 64, flushed")));
    assert_eq!(received.stats(), [3, 3, 0, 3, 0]);
    assert_eq!(received.fates(), "flushed 3");
    assert_eq!((received.ledger.heaps().flushed, received.ledger.heaps().evicted), (3, 0));
}

#[test]
fn b04_heaps_counts_incomplete_ones_but_not_the_one_with_the_stop_item() {
    let received = receive(RecvConfig::default(), [single(1), part(2, 64, 0..32), stop(3)]);
    assert_eq!(received.heaps(), ["1: whole", "2: 0..32 of 64, flushed"]);
    assert_eq!(received.stats(), [2, 3, 0, 1, 2]);
    let heaps = received.ledger.heaps();
    assert_eq!((heaps.whole, heaps.evicted, heaps.flushed, heaps.control), (1, 0, 1, 1));
}

#[test]
fn b05_late_packets_of_an_evicted_heap_do_not_revive_it() {
    let packets = [part(1, 96, 0..32), single(2), part(1, 96, 32..64), part(1, 96, 64..96)];
    let received = receive(window(1), packets.clone());
    assert_eq!(received.heaps(), ["1: 0..32 of 96, evicted by 2", "2: whole"]);
    assert_eq!(received.stats(), [2, 4, 1, 0, 1]);
    assert_eq!(received.fates(), "used 1, evicted 1, late 2");

    // In any order they start a heap of their own, as nobody remembers the old one.
    let received = receive(RecvConfig { max_heaps: 1, ..any_order() }, packets);
    assert_eq!(received.heaps(), ["1: 0..32 of 96, evicted by 2", "2: whole", "1: 32..96 of 96, flushed"]);
    assert_eq!(received.fates(), "used 1, evicted 1, flushed 2");
}

#[test]
fn b06_a_duplicate_packet_changes_nothing_but_is_counted() {
    let [first, second] = halves(1);
    for config in [RecvConfig::default(), any_order()] {
        let received = receive(config, [first.clone(), first.clone(), second.clone()]);
        assert_eq!(received.heaps(), ["1: whole"]);
        assert_eq!(received.whole().item(0x1000).unwrap().bytes(), (0..64).collect::<Vec<u8>>());
        assert_eq!(received.stats(), [1, 3, 0, 0, 0]);
        assert_eq!(received.fates(), "used 2, duplicate 1");
    }
}

#[test]
fn b07_a_single_packet_heap_that_comes_again_is_delivered_again() {
    let received = receive(RecvConfig::default(), [single(1), single(1)]);
    assert_eq!(received.heaps(), ["1: whole", "1: whole"]);
    assert_eq!(received.stats(), [2, 2, 0, 0, 2]);
    assert_eq!(received.fates(), "used 2");
}

#[test]
fn b08_the_last_packet_of_a_finished_heap_comes_again_and_makes_no_heap() {
    let [first, second] = halves(1);
    let received = receive(RecvConfig::default(), [first, second.clone(), second]);
    assert_eq!(received.heaps(), ["1: whole"]);
    assert_eq!(received.stats(), [1, 3, 0, 0, 0]);
    assert_eq!(received.fates(), "used 2, duplicate 1");
}

#[test]
fn b09_in_order_a_packet_that_comes_too_early_is_dropped_and_the_rest_is_an_incomplete_heap() {
    let packets = [part(1, 128, 0..32), part(1, 128, 64..96), part(1, 128, 32..64), part(1, 128, 96..128)];
    let received = receive(RecvConfig::default(), packets);
    assert_eq!(received.heaps(), ["1: 0..64 of 128, flushed"]);
    assert_eq!(received.stats(), [1, 4, 0, 1, 0]);
    assert_eq!(received.fates(), "rejected 2, flushed 2");
    assert_eq!(received.rejections(), [(Rejection::Gap { payload_offset: 64, received: 32 }, 2)]);
}

#[test]
fn b10_out_of_order_any_order_of_packets_gives_the_same_heap() {
    let packets = [0..8, 8..20, 20..21, 21..40, 40..64].map(|payload| part(1, 64, payload));
    for order in permutations(packets.len()) {
        let received = receive(any_order(), order.iter().map(|at| packets[*at].clone()));
        assert_eq!(received.whole().item(0x1000).unwrap().bytes(), (0..64).collect::<Vec<u8>>(), "{order:?}");
        assert_eq!(received.stats(), [1, 5, 0, 0, 0]);
        assert_eq!(received.fates(), "used 5");
    }
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(count - 1);
    let inserted = |order: &Vec<usize>| {
        let order = order.clone();
        (0..count).map(move |at| [&order[..at], &[count - 1], &order[at..]].concat())
    };
    shorter.iter().flat_map(inserted).collect()
}

#[test]
fn b11_who_joins_in_the_middle_of_a_heap_gets_nothing_of_it_but_packets_count() {
    let received = receive(RecvConfig::default(), [part(1, 96, 32..64), part(1, 96, 64..96), single(2)]);
    assert_eq!(received.heaps(), ["2: whole"]);
    assert_eq!(received.stats(), [1, 3, 0, 0, 1]);
    assert_eq!(received.fates(), "used 1, rejected 2");
    assert_eq!(received.rejections(), [(Rejection::NotStarted { payload_offset: 32 }, 2)]);
}

#[test]
fn b12_a_busy_sender_cannot_evict_a_slow_one_of_another_substream() {
    let [slow, rest] = halves(2);
    let packets =
        || [slow.clone()].into_iter().chain((0..9).map(|heap| part(2 * heap + 1, 64, 0..32))).chain([rest.clone()]);
    let together = receive(window(2), packets());
    assert!(together.heaps().contains(&"2: 0..32 of 64, evicted by 3".to_owned()));
    let apart = receive(RecvConfig { substreams: 2, ..window(2) }, packets());
    let busy = |cnt: u64| format!("{cnt}: 0..32 of 64, evicted by {}", cnt + 4);
    let mut heaps: Vec<_> = (0..7).map(|heap| busy(2 * heap + 1)).collect();
    heaps.push("2: whole".to_owned());
    heaps.extend([15, 17].map(|cnt| format!("{cnt}: 0..32 of 64, flushed")));
    assert_eq!(apart.heaps(), heaps);
    assert_eq!(apart.stats(), [10, 11, 7, 2, 0]);
}

#[test]
fn b13_the_ranges_of_an_incomplete_heap_are_exact_merged_and_sorted() {
    let packets = [96..104, 0..8, 24..32, 8..16, 48..64, 32..48].map(|payload| part(1, 128, payload));
    let received = receive(any_order(), packets);
    let [Event::Incomplete(heap)] = received.events.as_slice() else { panic!("{:?}", received.events) };
    assert_eq!(heap.payload_ranges(), [0..16, 24..64, 96..104]);
    assert_eq!(heap.missing_ranges(), [16..24, 64..96, 104..128]);
    assert_eq!((heap.received_length(), heap.heap_length(), heap.packets()), (64, Some(128), 6));
}

#[test]
fn b14_of_an_incomplete_heap_immediates_are_given_and_addressed_items_withheld() {
    let pointers =
        vec![addressed(48, 0x1000, 0), immediate(48, 0x1600, 77), addressed(48, 0x1001, 16), immediate(48, 0x1601, 5)];
    let received = receive(RecvConfig::default(), [RawPacket { pointers, ..RawPacket::part(1, 64, 0..32) }.bytes()]);
    let [Event::Incomplete(heap)] = received.events.as_slice() else { panic!("{:?}", received.events) };
    let items: Vec<_> = heap.items().iter().map(|item| (item.id().get(), item.as_immediate())).collect();
    assert_eq!(items, [(0x1600, Some(77)), (0x1601, Some(5))]);
}

#[test]
fn b15_a_packet_with_another_heap_length_is_rejected_and_the_heap_stays_usable() {
    let [first, second] = halves(1);
    for config in [RecvConfig::default(), any_order()] {
        let received = receive(config, [first.clone(), part(1, 96, 32..64), part(1, 48, 32..48), second.clone()]);
        assert_eq!(received.heaps(), ["1: whole"]);
        assert_eq!(received.stats(), [1, 4, 0, 0, 0]);
        assert_eq!(received.fates(), "used 2, rejected 2");
        assert_eq!(received.rejections(), [(Rejection::HeapLength { known: 64, given: 96 }, 2)]);
    }
    // An unsized start already reaches further than what comes then says.
    let received = receive(RecvConfig::default(), [unsized_part(1, 0..64), part(1, 48, 16..48)]);
    assert_eq!(received.rejections(), [(Rejection::HeapTooShort { reached: 64, given: 48 }, 1)]);
}

#[test]
fn b16_a_packet_in_another_flavour_is_rejected_and_the_heap_stays_usable() {
    let [first, second] = halves(1);
    let other = RawPacket { address_bits: 40, pointers: Vec::new(), ..RawPacket::part(1, 64, 32..64) }.bytes();
    let received = receive(RecvConfig::default(), [first, other, second]);
    assert_eq!(received.heaps(), ["1: whole"]);
    assert_eq!(received.whole().flavour(), Flavour::SPEAD_64_48);
    assert_eq!(received.fates(), "used 2, rejected 1");
    let (known, given) = (Flavour::SPEAD_64_48, Flavour::SPEAD_64_40);
    assert_eq!(received.rejections(), [(Rejection::Flavour { known, given }, 1)]);
}

#[test]
fn b17_payload_that_passes_the_heap_length_is_rejected_and_makes_no_heap() {
    let received = receive(any_order(), [part(1, 63, 32..64), part(2, 64, 32..64)]);
    let error = PacketError::PastHeapEnd { payload_offset: 32, payload_length: 32, heap_length: 63 };
    assert_eq!(received.rejections(), [(Rejection::Packet(error), 1)]);
    assert_eq!(received.heaps(), ["2: 32..64 of 64, flushed"]);
    assert_eq!(received.stats(), [1, 1, 0, 1, 0]);
}

#[test]
fn b18_a_payload_longer_or_shorter_than_what_came_is_rejected() {
    let good = single(1);
    let length = good.len();
    let longer = [&good[..], &[0]].concat().into();
    let received = receive(RecvConfig::default(), [good.slice(..length - 1), longer, Bytes::new()]);
    assert_eq!(received.stats(), [0; 5]);
    let (need, found) = (length as u64, length as u64 - 1);
    let errors = [
        PacketError::Truncated { need, found },
        PacketError::TrailingBytes { packet: need, found: need + 1 },
        PacketError::TooShort { found: 0 },
    ];
    assert_eq!(received.rejections(), errors.map(|error| (Rejection::Packet(error), 1)));
}

#[test]
fn b19_what_has_a_bad_header_is_rejected_and_the_next_good_packet_works() {
    let good = single(7);
    let with = |at: usize, byte: u8| {
        let mut bytes = BytesMut::from(good.clone());
        bytes[at] = byte;
        bytes.freeze()
    };
    let with_widths = |id_bytes, address_bytes| {
        let mut bytes = BytesMut::from(good.clone());
        (bytes[2], bytes[3]) = (id_bytes, address_bytes);
        bytes.freeze()
    };
    let widths = |id_bytes, address_bytes| PacketError::Widths { id_bytes, address_bytes };
    let found = good.len() as u64;
    let cases = [
        (good.slice(..7), PacketError::TooShort { found: 7 }),
        (with(0, 0x52), PacketError::Magic { found: 0x52 }),
        (with(1, 3), PacketError::Version { found: 3 }),
        (with(1, 5), PacketError::Version { found: 5 }),
        (with(2, 0), widths(0, 6)),
        (with(3, 0), widths(2, 0)),
        (with(3, 5), widths(2, 5)),
        (with(3, 7), widths(2, 7)),
        // Their sum is 8 only if it may wrap.
        (with_widths(0xff, 9), widths(0xff, 9)),
        (with_widths(8, 0), widths(8, 0)),
        (with_widths(0, 8), widths(0, 8)),
        (with(7, 10), PacketError::ItemTable { pointers: 10, need: 88, found }),
        (with(6, 1), PacketError::ItemTable { pointers: 0x105, need: 8 + 0x105 * 8, found }),
    ];
    for (bad, error) in cases {
        let received = receive(RecvConfig::default(), [bad, good.clone()]);
        assert_eq!(received.rejections(), [(Rejection::Packet(error), 1)]);
        assert_eq!(received.heaps(), ["7: whole"]);
        assert_eq!(received.stats(), [1, 1, 0, 0, 1]);
        assert_eq!(received.fates(), "used 1, rejected 1");
    }
    // A table that ends where the packet ends leaves no room for the payload; that is another mistake.
    let error = PacketError::Truncated { need: 8 + 9 * 8 + 32, found };
    let received = receive(RecvConfig::default(), [with(7, 9), good.clone()]);
    assert_eq!(received.rejections(), [(Rejection::Packet(error), 1)]);
    // The reserved bytes mean nothing.
    assert_eq!(receive(RecvConfig::default(), [with(4, 0xff), with(5, 1)]).heaps(), ["7: whole", "7: whole"]);
}

#[test]
fn b20_heap_cnt_payload_offset_and_payload_length_must_be_there_as_immediates() {
    let whole = RawPacket::part(1, 32, 0..32);
    let without_length = {
        let mut bytes = BytesMut::new();
        bytes.extend([0x53, 4, 2, 6, 0, 0, 0, 2]);
        bytes.put_u64(immediate(48, 1, 1));
        bytes.put_u64(immediate(48, 3, 0));
        bytes.freeze()
    };
    let cases = [
        (RawPacket { cnt: None, ..whole.clone() }.bytes(), ItemId::HEAP_CNT),
        (RawPacket { payload_offset: None, ..whole.clone() }.bytes(), ItemId::PAYLOAD_OFFSET),
        (without_length, ItemId::PAYLOAD_LENGTH),
        (RawPacket { cnt: None, pointers: vec![addressed(48, 1, 0)], ..whole.clone() }.bytes(), ItemId::HEAP_CNT),
    ];
    for (packet, id) in cases {
        let received = receive(RecvConfig::default(), [packet, single(7)]);
        assert_eq!(received.rejections(), [(Rejection::Packet(PacketError::MissingItem { id }), 1)]);
        assert_eq!(received.heaps(), ["7: whole"]);
    }
    // A heap length need not be there, and of repeated ones the last counts.
    let pointers = vec![immediate(48, 2, 64), immediate(48, 2, 32), immediate(48, 1, 9), addressed(48, 0x1000, 0)];
    let received = receive(RecvConfig::default(), [RawPacket { pointers, heap_length: None, ..whole }.bytes()]);
    assert_eq!(received.heaps(), ["9: whole"]);
}

#[test]
fn b21_heaps_without_heap_length_grow_and_are_finished_by_eviction_or_the_end() {
    let flushed =
        receive(RecvConfig::default(), [unsized_part(1, 0..32), unsized_part(1, 32..64), unsized_part(1, 64..65)]);
    assert_eq!(flushed.whole().item(0x1000).unwrap().bytes(), (0..65).collect::<Vec<u8>>());
    assert_eq!(flushed.stats(), [1, 3, 0, 1, 0]);
    assert_eq!(flushed.fates(), "used 3");
    let heaps = flushed.ledger.heaps();
    assert_eq!((heaps.whole, heaps.flushed), (1, 0));

    let evicted = receive(window(1), [unsized_part(1, 0..32), single(2)]);
    assert_eq!(evicted.heaps(), ["1: whole", "2: whole"]);
    assert_eq!(evicted.stats(), [2, 2, 1, 0, 1]);
    assert_eq!(evicted.fates(), "used 2");

    let forbidden = RecvConfig { allow_unsized_heaps: false, ..RecvConfig::default() };
    let received = receive(forbidden, [unsized_part(1, 0..32), single(2)]);
    assert_eq!(received.heaps(), ["2: whole"]);
    assert_eq!(received.stats(), [1, 2, 0, 0, 1]);
    assert_eq!(received.rejections(), [(Rejection::Unsized, 1)]);
}

#[test]
fn b22_an_item_behind_the_heap_end_makes_the_heap_incomplete_and_the_ledger_names_the_reason() {
    let packet =
        |address| RawPacket { pointers: vec![addressed(48, 0x1000, address)], ..RawPacket::part(1, 32, 0..32) }.bytes();
    let received = receive(RecvConfig::default(), [packet(33)]);
    assert_eq!(received.heaps(), ["1: 0..32 of 32, flushed"]);
    assert_eq!(received.stats(), [1, 1, 0, 1, 1]);
    let [Event::Incomplete(heap)] = received.events.as_slice() else { panic!("{:?}", received.events) };
    assert_eq!(heap.item_beyond_end(), Some(33));
    assert!(heap.missing_ranges().is_empty());
    let story = received.ledger.explain(1).to_string();
    assert!(story.contains("can never be whole: an item points to byte 33"), "{story}");

    // At the very end it is an empty item, which is kept.
    let received = receive(RecvConfig::default(), [packet(32)]);
    assert!(received.whole().item(0x1000).unwrap().bytes().is_empty());
}

#[test]
fn b23_a_heap_of_immediates_without_payload_is_delivered() {
    let pointers = vec![immediate(48, 0x1600, 77), immediate(48, 0x1601, 78)];
    let packet = RawPacket { pointers, ..RawPacket::part(1, 0, 0..0) }.bytes();
    let received = receive(RecvConfig::default(), [packet]);
    assert_eq!(received.whole().item(0x1600).unwrap().as_immediate(), Some(77));
    assert_eq!(received.whole().item(0x1601).unwrap().as_immediate(), Some(78));
    assert_eq!(received.stats(), [1, 1, 0, 0, 1]);
}

#[test]
fn b24_items_mixed_before_and_after_the_special_ones_parse_alike() {
    let special = [immediate(48, 1, 1), immediate(48, 2, 8), immediate(48, 3, 0), immediate(48, 4, 8)];
    let own = [immediate(48, 0x1600, 77), addressed(48, 0x1000, 0), immediate(48, 0x1601, 5), addressed(48, 0x1001, 4)];
    let packet = |pointers: &[u64]| {
        let mut bytes = BytesMut::new();
        bytes.extend([0x53, 4, 2, 6, 0, 0, 0]);
        bytes.put_u8(u8::try_from(pointers.len()).unwrap());
        pointers.iter().for_each(|pointer| bytes.put_u64(*pointer));
        bytes.extend(0..8);
        bytes.freeze()
    };
    let tables = [
        [&special[..], &own].concat(),
        [&own[..], &special].concat(),
        special.iter().rev().zip(own).flat_map(|(special, own)| [own, *special]).collect(),
        special.iter().zip(own).flat_map(|(special, own)| [*special, own]).collect(),
    ];
    let heap = Heap::builder(Flavour::SPEAD_64_48)
        .immediate(0x1600, 77)
        .item(0x1000, vec![0, 1, 2, 3])
        .immediate(0x1601, 5)
        .item(0x1001, vec![4, 5, 6, 7])
        .build()
        .unwrap();
    for table in tables {
        assert_eq!(receive(RecvConfig::default(), [packet(&table)]).whole(), &heap, "{table:x?}");
    }
}

#[test]
fn b25_items_repeated_in_every_packet_appear_once_however_many_packets_there_are() {
    let builder = (0..40).fold(Heap::builder(Flavour::SPEAD_64_48), |heap, id| heap.immediate(0x1600 + id, id));
    let heap = builder.item(0x1000, vec![5; 100_000]).build().unwrap();
    let packets = Packetizer::repeating_pointers(&heap, 1, 392).unwrap();
    assert!(packets.len() > 4000, "{}", packets.len());
    for config in [RecvConfig::default(), any_order()] {
        assert_eq!(receive(config, packets.iter()).whole(), &heap);
    }
    let mut backwards: Vec<_> = packets.iter().collect();
    backwards.reverse();
    assert_eq!(receive(any_order(), backwards).whole(), &heap);

    // As many items as packets: each is looked up, and none is compared with all others.
    let builder = (0..30_000).fold(Heap::builder(Flavour::SPEAD_64_40), |heap, id| heap.immediate(0x1600 + id, id));
    let heap = builder.build().unwrap();
    assert_eq!(receive(RecvConfig::default(), Packetizer::new(&heap, 1, 64).unwrap().iter()).whole(), &heap);
}

#[test]
fn b26_an_immediate_with_two_values_gives_two_items() {
    let packet =
        |payload, value| RawPacket { pointers: vec![immediate(48, 0x1600, value)], ..RawPacket::part(1, 64, payload) };
    let received = receive(RecvConfig::default(), [packet(0..32, 9).bytes(), packet(32..64, 5).bytes()]);
    let values: Vec<_> = received.whole().items().iter().map(|item| (item.id().get(), item.as_immediate())).collect();
    // In the sender's order; a look-up gives the first.
    assert_eq!(values, [(0x1600, Some(9)), (0x1600, Some(5))]);
    assert_eq!(received.whole().item(0x1600).unwrap().as_immediate(), Some(9));
}

#[test]
fn b27_an_item_ends_where_the_next_by_address_starts_whatever_the_order_of_pointers() {
    let starts = [(0x1000, 20), (0x1001, 0), (0x1002, 5), (0, 12)];
    let pointers = starts.map(|(id, address)| addressed(48, id, address)).to_vec();
    let received = receive(RecvConfig::default(), [RawPacket { pointers, ..RawPacket::part(1, 32, 0..32) }.bytes()]);
    let bytes = |id| received.whole().item(id).unwrap().bytes().to_vec();
    assert_eq!(bytes(0x1000), (20..32).collect::<Vec<u8>>());
    assert_eq!(bytes(0x1001), (0..5).collect::<Vec<u8>>());
    // Bounded by the null item, of which nothing is to be seen.
    assert_eq!(bytes(0x1002), (5..12).collect::<Vec<u8>>());
    assert_eq!(received.whole().items().len(), 3);
}

#[test]
fn b28_many_live_heaps_do_not_slow_each_packet() {
    const LIVE: u64 = 20_000;
    let config = window(usize::try_from(LIVE).unwrap());
    let mut reassembler = Reassembler::new(config).unwrap();
    for payload in [0..32, 32..48, 48..64] {
        for cnt in 0..LIVE {
            let bytes = part(cnt, 64, payload.clone());
            assert_eq!(reassembler.push(&Packet::parse(&bytes).unwrap(), Origin::FOREIGN), Outcome::Accepted);
        }
    }
    let looked_at = reassembler.stats().search_dist;
    assert!(looked_at < 2 * 3 * LIVE, "{looked_at} live heaps were looked at for {} packets", 3 * LIVE);
    assert_eq!(reassembler.ledger().of(Fate::Used), 3 * LIVE);
    // A large window costs no more if it is empty.
    assert_eq!(receive(config, halves(1)).stats.search_dist, 2);
}
