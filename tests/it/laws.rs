//! What holds for every heap and every way to send it.

use bytes::Bytes;
use proptest::prelude::*;
use spead_inproc::{
    Event, Fate, Flavour, Heap, InprocQueue, Packetizer, RecvConfig, RecvStream, SendConfig, SendStream,
    heap::Origin,
    recv::{Outcome, Reassembler},
    wire::Packet,
};
use support::{
    queue::drain,
    strategies::{config, flavours, heaps},
};

fn in_order() -> RecvConfig {
    RecvConfig { stop_on_stop_item: false, ..RecvConfig::default() }
}

fn any_order() -> RecvConfig {
    RecvConfig { allow_out_of_order: true, ..in_order() }
}

fn heap_and_packet_size() -> impl Strategy<Value = (Heap, usize)> {
    flavours()
        .prop_flat_map(|flavour| (heaps(flavour, 24, 700), 56_usize..2000))
        .prop_filter("padding would need a longer payload than the flavour can say", |(heap, size)| {
            Packetizer::new(heap, 1, *size).is_ok()
        })
}

fn packets(heap: &Heap, size: usize) -> Vec<Bytes> {
    Packetizer::new(heap, 1, size).unwrap().iter().collect()
}

/// What a reassembler makes of flat packets.
fn reassemble<'p>(config: RecvConfig, packets: impl IntoIterator<Item = &'p Bytes>) -> (Vec<Event>, Reassembler) {
    let mut reassembler = Reassembler::new(config).unwrap();
    for bytes in packets {
        reassembler.push(&Packet::parse(bytes).unwrap(), Origin::FOREIGN);
    }
    reassembler.stop();
    (std::iter::from_fn(|| reassembler.pop()).collect(), reassembler)
}

fn whole(events: Vec<Event>) -> Heap {
    match <[Event; 1]>::try_from(events) {
        Ok([Event::Heap(heap)]) => heap.heap().clone(),
        other => panic!("not one whole heap: {other:?}"),
    }
}

proptest! {
    #![proptest_config(config(400))]

    /// Packetise, then reassemble: the same heap. Through a run of the queue and as flat packets.
    #[test]
    fn what_is_sent_arrives((heap, size) in heap_and_packet_size()) {
        let flat = packets(&heap, size);
        prop_assert!(flat.iter().all(|packet| packet.len() <= size));
        prop_assert!(flat.iter().rev().skip(1).all(|packet| packet.len() == size & !7));
        let (events, _) = reassemble(in_order(), &flat);
        prop_assert_eq!(&whole(events), &heap);

        let queue = InprocQueue::new();
        let tx = SendStream::new(&queue, SendConfig { max_packet_size: size, ..SendConfig::default() }).unwrap();
        let sent = tx.send_heap(&heap).unwrap();
        prop_assert_eq!(sent.packets, flat.len() as u64);
        prop_assert_eq!(sent.bytes, flat.iter().map(|packet| packet.len() as u64).sum::<u64>());
        prop_assert_eq!(queue.len(), flat.len());
        queue.stop();
        let rx = RecvStream::new(in_order()).unwrap();
        rx.add_inproc_reader(&queue).unwrap();
        let received = rx.next_heap().unwrap();
        prop_assert_eq!(received.heap(), &heap);
        prop_assert_eq!(rx.stats().packets, sent.packets);
    }

    /// A run of packets is, byte for byte, what its packets are.
    #[test]
    fn a_queue_holds_the_packets_of_the_packetiser((heap, size) in heap_and_packet_size()) {
        let queue = InprocQueue::new();
        let tx = SendStream::new(&queue, SendConfig { max_packet_size: size, ..SendConfig::default() }).unwrap();
        tx.send_heap(&heap).unwrap();
        prop_assert_eq!(drain(&queue), packets(&heap, size));
    }

    /// In out-of-order mode neither the order of packets nor their repetition changes the heap.
    #[test]
    fn order_and_repetition_do_not_matter(
        (heap, size) in heap_and_packet_size(),
        keys in proptest::collection::vec(any::<u64>(), 64),
        repeated in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
    ) {
        let flat = packets(&heap, size);
        let mut order: Vec<usize> = (0..flat.len()).collect();
        order.sort_by_key(|at| keys[at % keys.len()].rotate_left(u32::try_from(at / keys.len()).unwrap()));
        // The last packet closes the heap: what is repeated after it would be a heap of its own.
        let last = order.len() - 1;
        let again: Vec<usize> = repeated.iter().filter(|_| last > 0).map(|index| order[index.index(last)]).collect();
        order.splice(last..last, again.iter().copied());
        let (events, reassembler) = reassemble(any_order(), order.iter().map(|at| &flat[*at]));
        prop_assert_eq!(&whole(events), &heap);
        prop_assert_eq!(reassembler.ledger().of(Fate::Duplicate), again.len() as u64);
        prop_assert_eq!(reassembler.ledger().used(), flat.len() as u64);
    }

    /// What was dropped is exactly what is missing.
    #[test]
    fn dropped_packets_are_the_missing_ranges(
        (heap, size) in heap_and_packet_size(),
        keep in proptest::collection::vec(any::<bool>(), 1..64),
    ) {
        let flat = packets(&heap, size);
        let kept = |at: usize| keep[at % keep.len()];
        let (events, reassembler) = reassemble(any_order(), flat.iter().enumerate().filter(|(at, _)| kept(*at)).map(|(_, p)| p));
        let spans = flat.iter().map(|bytes| {
            let packet = Packet::parse(bytes).unwrap();
            packet.payload_offset()..packet.payload_offset() + packet.payload_length()
        });
        let mut missing: Vec<std::ops::Range<u64>> = Vec::new();
        for (_, span) in spans.enumerate().filter(|(at, _)| !kept(*at)) {
            match missing.last_mut() {
                Some(last) if last.end == span.start => last.end = span.end,
                _ => missing.push(span),
            }
        }
        match events.as_slice() {
            [] => prop_assert!((0..flat.len()).all(|at| !kept(at))),
            [Event::Heap(whole)] => {
                prop_assert!(missing.is_empty());
                prop_assert_eq!(whole.heap(), &heap);
            }
            [Event::Incomplete(part)] => {
                prop_assert_eq!(part.missing_ranges(), missing);
                prop_assert_eq!(part.packets(), reassembler.ledger().received());
            }
            events => panic!("{events:?}"),
        }
    }

    /// Heaps of several cnts, their packets interleaved as you like: each arrives, once.
    #[test]
    fn interleaving_does_not_matter(
        all in proptest::collection::vec(heaps(Flavour::SPEAD_64_48, 6, 300), 1..4),
        turns in proptest::collection::vec(0_usize..4, 0..200),
    ) {
        let mut lanes: Vec<_> = all
            .iter()
            .enumerate()
            .map(|(lane, heap)| Packetizer::new(heap, lane as u64, 64).unwrap().iter().collect::<Vec<_>>().into_iter())
            .collect();
        let mut order = Vec::new();
        for turn in turns {
            let lane = turn % lanes.len();
            order.extend(lanes[lane].next());
        }
        order.extend(lanes.into_iter().flatten());
        let (events, reassembler) = reassemble(in_order(), &order);
        prop_assert_eq!(events.len(), all.len());
        for event in events {
            let cnt = event.cnt().get();
            let heap = event.into_heap().unwrap();
            prop_assert_eq!(heap.heap(), &all[usize::try_from(cnt).unwrap()]);
        }
        prop_assert_eq!(reassembler.ledger().used(), order.len() as u64);
    }

    /// Repeated item pointers change the packets but not the heap.
    #[test]
    fn repeated_pointers_arrive_once(heap in heaps(Flavour::SPEAD_64_48, 8, 900), size in 200_usize..600) {
        let flat: Vec<_> = Packetizer::repeating_pointers(&heap, 1, size).unwrap().iter().collect();
        let (events, _) = reassemble(in_order(), &flat);
        prop_assert_eq!(&whole(events), &heap);
        let (events, _) = reassemble(any_order(), flat.iter().rev());
        prop_assert_eq!(&whole(events), &heap);
    }

    /// Whatever the bytes, parsing gives a packet or a reason.
    #[test]
    fn arbitrary_bytes_are_a_packet_or_have_a_reason(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bytes = Bytes::from(bytes);
        if let Ok((packet, size)) = Packet::parse_prefix(&bytes) {
            prop_assert!(size <= bytes.len());
            prop_assert_eq!(packet.payload().len() as u64, packet.payload_length());
        }
    }

    /// A packet cut short anywhere is refused, and says so.
    #[test]
    fn truncation_is_always_seen(heap in heaps(Flavour::SPEAD_64_40, 4, 40), cut in any::<proptest::sample::Index>()) {
        let flat = packets(&heap, 1472);
        let cut = flat[0].slice(..cut.index(flat[0].len()));
        prop_assert!(Packet::parse(&cut).is_err());
    }
}

#[test]
fn a_stopped_reassembler_takes_nothing() {
    let stop = packets(&Heap::end_of_stream(Flavour::SPEAD_64_48), 1472);
    let mut reassembler = Reassembler::new(RecvConfig::default()).unwrap();
    let packet = Packet::parse(&stop[0]).unwrap();
    assert_eq!(reassembler.push(&packet, Origin::FOREIGN), Outcome::Stopped);
    assert_eq!(reassembler.push(&packet, Origin::FOREIGN), Outcome::Stopped);
    assert_eq!(reassembler.ledger().received(), 1);
}

/// A heap that is not whole is given to whoever asks for events; who asks for whole heaps passes over it, which is counted.
#[test]
fn who_asks_for_whole_heaps_passes_over_the_others() {
    let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x1000, vec![7; 2000]).build().unwrap();
    let received = || {
        let queue = InprocQueue::new();
        queue.add_packet(packets(&heap, 1472).swap_remove(0)).unwrap();
        queue.stop();
        let rx = RecvStream::new(in_order()).unwrap();
        rx.add_inproc_reader(&queue).unwrap();
        rx
    };
    let heaps = |rx: &RecvStream| (rx.ledger().heaps().flushed, rx.ledger().heaps().withheld);
    let rx = received();
    assert!(rx.next_event().unwrap().into_heap().is_none());
    assert_eq!(heaps(&rx), (1, 0));
    let rx = received();
    rx.next_heap().unwrap_err();
    assert_eq!(heaps(&rx), (1, 1));
    let rx = received();
    rx.try_next_heap().unwrap_err();
    assert_eq!(heaps(&rx), (1, 1));
}
