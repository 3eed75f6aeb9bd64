//! Behaviours 41 to 54: what is sent, in which packets, in which order.

use bytes::Bytes;
use spead_inproc::{
    Descriptor, Event, Flavour, GroupMode, Harness, Heap, InprocQueue, ItemGroup, PacketizeError, Packetizer,
    RecvConfig, RecvStream, SendConfig, SendError, SendStream, Value,
    send::Run,
    stream::{Entry, PacketSource, Taken},
    wire::{ItemPointer, Packet},
};
use support::{
    queue::drain,
    raw_packet::{RawPacket, addressed},
    vectors::to_hex,
};

use super::receive;

const FLAVOUR: Flavour = Flavour::SPEAD_64_48;

fn heap(len: usize) -> Heap {
    Heap::builder(FLAVOUR).item(0x1000, vec![3; len]).build().unwrap()
}

fn sender(queue: &InprocQueue, max_packet_size: usize) -> SendStream {
    SendStream::new(queue, SendConfig { max_packet_size, ..SendConfig::default() }).unwrap()
}

/// Heap cnt and payload offset of the packets that are queued.
fn order(queue: &InprocQueue) -> Vec<(u64, u64)> {
    let place = |packet: &Bytes| {
        let packet = Packet::parse(packet).unwrap();
        (packet.cnt().get(), packet.payload_offset())
    };
    drain(queue).iter().map(place).collect()
}

#[test]
fn b41_heap_cnts_start_at_1_and_wrap_to_the_bits_of_the_flavour() {
    let queue = InprocQueue::new();
    let tx = sender(&queue, 1472);
    assert_eq!([(); 3].map(|()| tx.send_heap(&heap(1)).unwrap().cnt.get()), [1, 2, 3]);
    tx.set_cnt_sequence((1 << 48) - 1, 1).unwrap();
    assert_eq!([(); 3].map(|()| tx.send_heap(&heap(1)).unwrap().cnt.get()), [(1 << 48) - 1, 0, 1]);
    // Each heap by its own flavour; the sequence itself has 64 bits and wraps, too.
    let narrow = Heap::builder(Flavour::new(8).unwrap()).immediate(0x10, 1).build().unwrap();
    tx.set_cnt_sequence(u64::MAX - 1, 3).unwrap();
    let cnts = [&narrow, &heap(1), &narrow].map(|heap| tx.send_heap(heap).unwrap().cnt.get());
    assert_eq!(cnts, [0xfe, 1, 4]);
    let sent = [(1, 0), (2, 0), (3, 0), ((1 << 48) - 1, 0), (0, 0), (1, 0), (0xfe, 0), (1, 0), (4, 0)];
    assert_eq!(order(&queue), sent);
}

#[test]
fn b42_an_explicit_heap_cnt_is_used_as_it_is_and_does_not_move_the_sequence() {
    let queue = InprocQueue::new();
    let tx = sender(&queue, 1472);
    let plain = heap(1);
    let largest = (1 << 48) - 1;
    for cnt in [0, 77, largest] {
        assert_eq!(tx.send_heap(plain.with_cnt(cnt)).unwrap().cnt, cnt);
    }
    let error = tx.send_heap(plain.with_cnt(largest + 1)).unwrap_err();
    assert!(matches!(error, SendError::Cnt(error) if error.cnt == largest + 1), "{error}");
    assert_eq!(tx.send_heap(&plain).unwrap().cnt, 1);
    assert_eq!(order(&queue), [(0, 0), (77, 0), (largest, 0), (1, 0)]);
}

#[test]
fn b43_with_start_and_step_senders_never_collide() {
    let queue = InprocQueue::new();
    let senders: Vec<_> = (0..3).map(|_| sender(&queue, 1472)).collect();
    (1..).zip(&senders).for_each(|(start, tx)| tx.set_cnt_sequence(start, 3).unwrap());
    for turn in 0..30 {
        // Not all send equally often.
        for tx in senders.iter().take(1 + turn % 3) {
            tx.send_heap(&heap(1)).unwrap();
        }
    }
    let cnts: Vec<_> = order(&queue).into_iter().map(|(cnt, _)| cnt).collect();
    let mut unique = cnts.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!((cnts.len(), unique.len()), (60, 60));
    assert!(senders[0].set_cnt_sequence(1, 0).is_err());
    // A harness does it by itself.
    let harness = Harness::builder().senders(3).build().unwrap();
    let cnts = [0, 1, 2, 0, 1, 2].map(|index| harness.sender(index).send_heap(&heap(1)).unwrap().cnt.get());
    assert_eq!(cnts, [1, 2, 3, 4, 5, 6]);
    assert_eq!(harness.finish().receivers[0].stats.heaps, 6);
}

#[test]
fn b47_a_group_with_a_bad_substream_in_the_middle_sends_nothing_and_uses_no_cnt() {
    let queues = [InprocQueue::new(), InprocQueue::new()];
    let tx = SendStream::with_substreams(&queues, SendConfig::default()).unwrap();
    let heap = heap(3000);
    for mode in [GroupMode::Serial, GroupMode::RoundRobin] {
        let group = [heap.on_substream(0), heap.on_substream(1), heap.on_substream(2), heap.on_substream(0)];
        assert_eq!(tx.send_heaps(&group, mode).unwrap_err(), SendError::Substream { substream: 2, substreams: 2 });
    }
    let group = [heap.on_substream(0), heap.with_cnt(1 << 48)];
    assert!(matches!(tx.send_heaps(&group, GroupMode::Serial), Err(SendError::Cnt(_))));
    let too_many = [heap.on_substream(0); 5];
    let error = tx.send_heaps(&too_many, GroupMode::Serial).unwrap_err();
    assert!(matches!(error, SendError::Full { max_heaps: 4, in_flight: 0, place: 4, .. }), "{error}");
    assert_eq!(queues.each_ref().map(InprocQueue::packets_put), [0, 0]);
    let sent = tx.send_heaps(&[heap.on_substream(1), heap.on_substream(0)], GroupMode::Serial).unwrap();
    assert_eq!(sent.cnts.iter().map(|cnt| cnt.get()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(queues.each_ref().map(InprocQueue::packets_put), [3, 3]);
    assert_eq!(sent.packets, 6);
    assert_eq!(sent.bytes, queues.iter().flat_map(drain).map(|packet| packet.len() as u64).sum::<u64>());
    assert_eq!(tx.send_heap(&heap).unwrap().cnt, 3);
}

#[test]
fn b48_round_robin_and_serial_orders_are_exact_also_with_heaps_of_different_sizes() {
    let queue = InprocQueue::new();
    let tx = sender(&queue, 64);
    // Packets of 16 bytes, then of 24: one, four and two of them.
    let heaps = [heap(10), heap(70), heap(17)];
    let group = heaps.each_ref().map(Into::into);
    tx.send_heaps(&group, GroupMode::Serial).unwrap();
    assert_eq!(order(&queue), [(1, 0), (2, 0), (2, 16), (2, 40), (2, 64), (3, 0), (3, 16)]);
    tx.send_heaps(&group, GroupMode::RoundRobin).unwrap();
    assert_eq!(order(&queue), [(4, 0), (5, 0), (6, 0), (5, 16), (6, 16), (5, 40), (5, 64)]);
    // Packets are in one order for the whole stream, and each goes to the substream of its heap.
    let queues = [InprocQueue::new(), InprocQueue::new()];
    let config = SendConfig { max_packet_size: 64, ..SendConfig::default() };
    let tx = SendStream::with_substreams(&queues, config).unwrap();
    let group = [heaps[1].on_substream(1), heaps[0].on_substream(0), heaps[2].on_substream(1)];
    tx.send_heaps(&group, GroupMode::RoundRobin).unwrap();
    assert_eq!(order(&queues[0]), [(2, 0)]);
    assert_eq!(order(&queues[1]), [(1, 0), (3, 0), (1, 16), (3, 16), (1, 40), (1, 64)]);
}

#[test]
fn b49_an_empty_group_is_an_error() {
    let queue = InprocQueue::new();
    let tx = sender(&queue, 1472);
    for mode in [GroupMode::Serial, GroupMode::RoundRobin] {
        assert_eq!(tx.send_heaps(&[], mode).unwrap_err(), SendError::EmptyGroup);
    }
    assert!(queue.is_empty());
    assert_eq!(tx.send_heap(&heap(1)).unwrap().cnt, 1);
}

#[test]
fn b50_every_packet_has_payload_a_control_heap_one_byte_and_pointers_alone_eight_each() {
    let queue = InprocQueue::new();
    let tx = sender(&queue, 1472);
    let sent = tx.send_heap(Heap::end_of_stream(FLAVOUR).with_cnt(0x1234)).unwrap();
    let [packet] = drain(&queue).try_into().unwrap();
    assert_eq!(
        to_hex(&packet),
        "5304020600000006800100000000123480020000000000018003000000000000800400000000000180060000000000020000000000000000\
         00"
    );
    assert_eq!((sent.packets, sent.bytes), (1, packet.len() as u64));

    // Two pointers and eight bytes fit a packet.
    for (items, packets, length) in [(1, 1, 1), (2, 2, 9), (3, 2, 9), (4, 3, 17), (5, 3, 17)] {
        let builder = (0..items).fold(Heap::builder(FLAVOUR), |heap, id| heap.immediate(0x1600 + id, id));
        let heap = builder.build().unwrap();
        let flat: Vec<_> = Packetizer::new(&heap, 1, 64).unwrap().iter().collect();
        assert_eq!(flat.len(), packets, "{items} items");
        for (at, bytes) in flat.iter().enumerate() {
            let packet = Packet::parse(bytes).unwrap();
            assert_eq!(packet.heap_length(), Some(length));
            assert_eq!(packet.payload_length(), if at + 1 < packets { 8 } else { 1 });
        }
        let pointers: Vec<_> =
            flat.iter().map(|bytes| Packet::parse(bytes).unwrap().item_pointers().len() - 4).collect();
        assert_eq!(pointers.iter().sum::<usize>() as u64, items + 1, "the items and a null item");
        assert_eq!(receive(RecvConfig::default(), flat).whole(), &heap);
    }
}

#[test]
fn b51_a_packet_holds_the_limit_rounded_to_8_less_its_header() {
    let heap =
        Heap::builder(FLAVOUR).immediate(0x1600, 1).immediate(0x1601, 2).item(0x1000, vec![7; 1000]).build().unwrap();
    let lengths = |packets: Packetizer| -> Vec<u64> {
        packets.iter().map(|bytes| Packet::parse(&bytes).unwrap().payload_length()).collect()
    };
    for limit in 200..208 {
        assert_eq!(lengths(Packetizer::new(&heap, 1, limit).unwrap()), [136, 160, 160, 160, 160, 160, 64]);
        assert_eq!(
            lengths(Packetizer::repeating_pointers(&heap, 1, limit).unwrap()),
            [136, 136, 136, 136, 136, 136, 136, 48]
        );
    }
    let error = |max_packet_size| Packetizer::new(&heap, 1, max_packet_size).unwrap_err();
    assert_eq!(error(55), PacketizeError::PacketSize { max_packet_size: 55 });
    assert_eq!(lengths(Packetizer::new(&heap, 1, 56).unwrap())[..4], [8, 8, 8, 16]);
}

#[test]
fn b52_repeated_pointers_are_all_in_each_packet_others_as_many_as_fit_in_order() {
    let builder = (0..7).fold(Heap::builder(FLAVOUR), |heap, id| heap.immediate(0x1600 + id, id));
    let heap = builder.item(0x1000, vec![7; 300]).build().unwrap();
    let ids = |packets: Packetizer| -> Vec<Vec<u64>> {
        let own = |pointer: ItemPointer| Some(pointer.id().get()).filter(|id| *id > 4);
        packets.iter().map(|bytes| Packet::parse(&bytes).unwrap().item_pointers().filter_map(own).collect()).collect()
    };
    let all = vec![0x1600, 0x1601, 0x1602, 0x1603, 0x1604, 0x1605, 0x1606, 0x1000];
    let repeated = ids(Packetizer::repeating_pointers(&heap, 1, 128).unwrap());
    assert_eq!(repeated, vec![all.clone(); 13]);
    let once = ids(Packetizer::new(&heap, 1, 72).unwrap());
    assert_eq!(once[..3], [&all[..3], &all[3..6], &all[6..]]);
    assert!(once[3..].iter().all(Vec::is_empty));
    // They must fit one packet, with room to spare for a null item.
    let error = Packetizer::repeating_pointers(&heap, 1, 112).unwrap_err();
    assert_eq!(error, PacketizeError::RepeatPointers { items: 8, slots: 8, max_packet_size: 112 });
    assert_eq!(Packetizer::repeating_pointers(&heap, 1, 120).unwrap().len(), 300_usize.div_ceil(16));
    // The same through a stream.
    let queue = InprocQueue::new();
    sender(&queue, 128).send_heap(heap.repeat_pointers()).unwrap();
    let flat: Vec<_> = Packetizer::repeating_pointers(&heap, 1, 128).unwrap().iter().collect();
    assert_eq!(drain(&queue), flat);
}

/// Nobody can change a buffer that is being sent: a `Bytes` is shared and never written.
#[test]
fn b54_heap_data_is_not_copied_and_lives_long_enough() {
    let data = Bytes::from(vec![9; 100_000]);
    let place = data.as_ptr();
    let rx = {
        let queue = InprocQueue::new();
        let tx = sender(&queue, 1472);
        tx.send_heap(&Heap::builder(FLAVOUR).immediate(0x1600, 1).item(0x1000, data).build().unwrap()).unwrap();
        let rx = RecvStream::new(RecvConfig::default()).unwrap();
        rx.add_inproc_reader(&queue).unwrap();
        rx
    };
    let received = rx.next_heap().unwrap();
    drop(rx);
    let bytes = received.item(0x1000).unwrap().as_addressed().unwrap();
    assert_eq!((bytes.as_ptr(), bytes.len()), (place, 100_000));
    assert!(bytes.iter().all(|byte| *byte == 9));
}

#[test]
fn a_heap_whose_pointers_just_fill_a_packet_arrives_in_the_two_that_it_is_sent_in() {
    // The pointers and eight bytes would fit one packet, but a packet full of pointers is not the last.
    for items in [1, 2, 8] {
        let builder = Heap::builder(FLAVOUR).item(0x1000, vec![5; 8]);
        let heap = (1..items).fold(builder, |heap, id| heap.immediate(0x1600 + id, id)).build().unwrap();
        let queue = InprocQueue::new();
        let tx = sender(&queue, 48 + 8 * usize::try_from(items).unwrap());
        let sent = tx.send_heaps(&[(&heap).into(), (&heap).into()], GroupMode::RoundRobin).unwrap();
        assert_eq!((sent.packets, queue.len()), (4, 4), "{items} items");
        queue.stop();
        let received = super::drain(&super::stream(RecvConfig::default(), &queue), &queue);
        let heaps: Vec<_> = received.events.into_iter().filter_map(Event::into_heap).collect();
        let packets: Vec<_> = heaps.iter().map(|heap| (heap.cnt().get(), heap.packets())).collect();
        assert_eq!((packets, received.stats.packets), (vec![(1, 2), (2, 2)], 4), "{items} items");
        assert!(heaps.iter().all(|came| came.heap() == &heap), "{items} items");
    }
}

#[test]
fn a_received_heap_is_sent_on_with_the_addresses_that_it_has_on_the_wire_then() {
    let pointers = vec![addressed(48, 0x2000, 4), addressed(48, 0x2000, 0)];
    let packet = RawPacket { pointers, payload: b"yyyyxxxx".to_vec(), ..RawPacket::part(1, 8, 0..8) }.bytes();
    let received = receive(RecvConfig::default(), [packet]);
    let value = |heap: &Heap| {
        let mut group = ItemGroup::new(FLAVOUR);
        group.add(Descriptor::new(0x2000, "letters", "").format("c8").shape([4]), None).unwrap();
        group.update(heap).unwrap();
        group["letters"].value().unwrap().clone()
    };
    assert_eq!(value(received.whole()), Value::from("xxxx"), "as it came: x lies behind y");
    for max_packet_size in [1472, 56] {
        let queue = InprocQueue::new();
        sender(&queue, max_packet_size).send_heap(received.whole()).unwrap();
        queue.stop();
        let again = super::drain(&super::stream(RecvConfig::default(), &queue), &queue);
        assert_eq!(again.whole(), received.whole());
        assert_eq!(value(again.whole()), Value::from("yyyy"), "{max_packet_size}: y lies behind x");
    }
}

#[test]
fn a_packet_full_of_pointers_has_eight_bytes_of_payload_however_large_it_may_be() {
    const SLOTS: u64 = 0xffff - 4;
    let wide = Flavour::SPEAD_64_40;
    for (items, payload, expected) in [
        (SLOTS - 1, 0, vec![1]),
        (SLOTS, 0, vec![8, 1]),
        (SLOTS, 8, vec![8, 1]),
        (2 * SLOTS - 1, 0, vec![8, 1]),
        (2 * SLOTS, 0, vec![8, 8, 1]),
        (2 * SLOTS, 2 << 20, vec![8, 8, (1 << 20) - 40, (1 << 20) - 40, 64]),
    ] {
        let immediates = (u64::from(payload > 0)..items).map(|id| (0x1000 + id, id));
        let builder = immediates.fold(Heap::builder(wide), |heap, (id, value)| heap.immediate(id, value));
        let builder = if payload > 0 { builder.item(0x999, vec![7; payload]) } else { builder };
        let heap = builder.build().unwrap();
        let packets = Packetizer::new(&heap, 1, 1 << 20).unwrap();
        let flat: Vec<_> = packets.iter().collect();
        let lengths: Vec<_> = flat.iter().map(|bytes| Packet::parse(bytes).unwrap().payload_length()).collect();
        assert_eq!(lengths, expected, "{items} items");
        assert_eq!(packets.len(), flat.len());
        let bytes = |flat: &[Bytes]| flat.iter().map(|packet| packet.len() as u64).sum::<u64>();
        let queue = InprocQueue::new();
        assert_eq!(sender(&queue, 1 << 20).send_heap(&heap).unwrap().bytes, bytes(&flat));
        let runs: Vec<_> = std::iter::from_fn(|| match queue.take() {
            Taken::Entry(Entry::Run(run)) => Some(run),
            _ => None,
        })
        .collect();
        assert_eq!(runs.iter().map(Run::bytes).sum::<u64>(), bytes(&flat));
        runs.into_iter().rev().for_each(|run| queue.put_back(Entry::Run(run)));
        queue.stop();
        let received = super::drain(&super::stream(RecvConfig::default(), &queue), &queue);
        assert_eq!(received.whole(), &heap);
        assert_eq!(receive(RecvConfig::default(), flat).whole(), &heap);
    }
}

#[test]
fn a_packetizer_takes_the_cnts_that_fit_and_gives_packets_one_by_one() {
    let largest = (1 << 48) - 1;
    let packets = Packetizer::new(&heap(3000), largest, 1472).unwrap();
    assert!(packets.iter().all(|bytes| Packet::parse(&bytes).unwrap().cnt() == largest));
    for error in [
        Packetizer::new(&heap(1), largest + 1, 1472).unwrap_err(),
        Packetizer::repeating_pointers(&heap(1), largest + 1, 1472).unwrap_err(),
    ] {
        assert!(matches!(error, PacketizeError::Cnt(error) if error.cnt == largest + 1), "{error}");
        assert!(error.to_string().contains("choose a smaller cnt"), "{error}");
    }
    let mut some = packets.iter();
    assert_eq!(some.len(), 3);
    let first = some.next().unwrap();
    assert_eq!((some.len(), some.size_hint()), (2, (2, Some(2))));
    assert_eq!(some.by_ref().count(), 2);
    assert!(some.next().is_none() && some.len() == 0);
    let mut again = Vec::new();
    for packet in &packets {
        again.push(packet);
    }
    assert_eq!((again.len(), &again[0]), (3, &first));
}

#[test]
fn a_payload_that_is_too_long_says_what_to_change() {
    let narrow = Flavour::new(8).unwrap();
    let error = Heap::builder(narrow).item(0x10, vec![0; 256]).build().unwrap_err().to_string();
    assert!(error.contains("256 bytes does not fit SPEAD-64-8, whose addresses end at 255"), "{error}");
    assert!(error.contains("flavour with wider addresses"), "{error}");
}
