//! What hostile packets may make a receiver hold. A binary of its own, since its allocator counts.
#![forbid(unsafe_code)]

use allocation_counter::measure;
use bytes::Bytes;
use proptest::{collection::vec, prelude::*, sample::Index};
use spead_inproc::{
    Fate, Flavour, GroupMode, Harness, Heap, Limits, RecvConfig, Rejection,
    heap::Origin,
    recv::{Outcome, Reassembler},
    wire::{Packet, PacketError},
};
use support::{raw_packet::RawPacket, strategies::config};

/// What happens to a packet on its way.
#[derive(Debug, Clone)]
enum Act {
    /// A packet of a real heap: which heap, which packet of it.
    Genuine(Index, Index),
    /// The same with some bytes changed.
    Mangled(Index, Index, Vec<(Index, u8)>),
    /// The same, cut short or with bytes behind.
    Resized(Index, Index, Index, bool),
    /// Fields that never belonged together.
    Forged(RawPacket),
    /// No packet at all.
    Junk(Vec<u8>),
}

fn numbers() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..200, any::<u64>(), Just(u64::MAX), (0_u32..64).prop_map(|bit| (1_u64 << bit).wrapping_sub(1))]
}

fn forged() -> impl Strategy<Value = RawPacket> {
    let field = || proptest::option::weighted(0.9, numbers());
    let pointer = (any::<bool>(), 0_u64..0x20, numbers());
    (
        1_u32..8,
        field(),
        field(),
        field(),
        proptest::option::weighted(0.2, numbers()),
        vec(pointer, 0..12),
        vec(any::<u8>(), 0..80),
    )
        .prop_map(|(width, cnt, heap_length, payload_offset, payload_length, pointers, payload)| {
            let address_bits = 8 * width;
            let low = u64::MAX >> (64 - address_bits);
            let fit = |field: Option<u64>| field.map(|value| value & low);
            let pointers = pointers
                .into_iter()
                .map(|(immediate, id, value)| u64::from(immediate) << 63 | id << address_bits | (value & low));
            RawPacket {
                address_bits,
                cnt: fit(cnt.map(|cnt| cnt % 8)),
                heap_length: fit(heap_length),
                payload_offset: fit(payload_offset),
                payload_length: fit(payload_length),
                pointers: pointers.collect(),
                payload,
            }
        })
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let index = any::<Index>;
    let act = prop_oneof![
        6 => (index(), index()).prop_map(|(heap, packet)| Act::Genuine(heap, packet)),
        2 => (index(), index(), vec((index(), any::<u8>()), 1..4)).prop_map(|(h, p, bytes)| Act::Mangled(h, p, bytes)),
        1 => (index(), index(), index(), any::<bool>()).prop_map(|(h, p, at, longer)| Act::Resized(h, p, at, longer)),
        2 => forged().prop_map(Act::Forged),
        1 => vec(any::<u8>(), 0..100).prop_map(Act::Junk),
    ];
    vec((act, 0_u32..3), 0..80).prop_map(|acts| {
        acts.into_iter().flat_map(|(act, again)| std::iter::repeat_n(act, if again == 2 { 2 } else { 1 })).collect()
    })
}

fn configs() -> impl Strategy<Value = RecvConfig> {
    (1_usize..6, 1_usize..4, any::<[bool; 4]>()).prop_map(
        |(max_heaps, substreams, [unsized_, any_order, stop, tight])| RecvConfig {
            max_heaps,
            substreams,
            allow_unsized_heaps: unsized_,
            allow_out_of_order: any_order,
            stop_on_stop_item: stop,
            limits: if tight { Limits { heap_length: 1 << 20, live_bytes: 1000, items: 6 } } else { Limits::default() },
            ..RecvConfig::default()
        },
    )
}

/// Packets of a few real heaps of several senders.
fn heaps() -> impl Strategy<Value = Vec<Vec<Bytes>>> {
    let heap = (vec(1_usize..150, 0..5), 0_u64..4, 56_usize..200, any::<bool>());
    vec(heap, 1..4).prop_map(|heaps| {
        let packets = |(lengths, cnt, size, end): (Vec<usize>, u64, usize, bool)| {
            let mut builder = Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, cnt);
            for (at, length) in lengths.into_iter().enumerate() {
                builder = builder.item(0x4300 + at as u64, vec![7; length]);
            }
            let heap = if end { builder.end_of_stream() } else { builder }.build().expect("small");
            spead_inproc::Packetizer::new(&heap, cnt, size).expect("large packets").iter().collect()
        };
        heaps.into_iter().map(packets).collect()
    })
}

fn bytes(act: &Act, heaps: &[Vec<Bytes>]) -> (Bytes, Origin) {
    let genuine = |heap: &Index, packet: &Index| {
        let at = heap.index(heaps.len());
        (heaps[at][packet.index(heaps[at].len())].clone(), Origin::sender(u32::try_from(at).expect("few heaps")))
    };
    match act {
        Act::Genuine(heap, packet) => genuine(heap, packet),
        Act::Mangled(heap, packet, changes) => {
            let (packet, origin) = genuine(heap, packet);
            let mut changed = packet.to_vec();
            changes.iter().for_each(|(at, value)| changed[at.index(packet.len())] = *value);
            (changed.into(), origin)
        }
        Act::Resized(heap, packet, at, longer) => {
            let (packet, origin) = genuine(heap, packet);
            let changed =
                if *longer { [&packet[..], &[0; 3]].concat().into() } else { packet.slice(..at.index(packet.len())) };
            (changed, origin)
        }
        Act::Forged(packet) => (packet.bytes(), Origin::FOREIGN),
        Act::Junk(bytes) => (bytes.clone().into(), Origin::FOREIGN),
    }
}

/// Bytes that a receiver may hold besides a small multiple of what it was sent: its window, its books, its scratch.
const OVERHEAD: u64 = 16 << 10;
/// For each byte of packets: a packet of one byte of payload makes references to it, and pointers take four times their size.
const MULTIPLE: u64 = 4;

proptest! {
    #![proptest_config(config(10_000))]

    /// Whatever comes: no panic; each packet has one fate and each heap one end; memory follows the bytes that came.
    #[test]
    fn storms(config in configs(), heaps in heaps(), acts in acts()) {
        let packets: Vec<_> = acts.iter().map(|act| bytes(act, &heaps)).collect();
        let sent: u64 = packets.iter().map(|(packet, _)| packet.len() as u64).sum();
        let mut reassembler = None;
        let mut read = 0_u64;
        let held = measure(|| {
            let mut receiver = Reassembler::new(config).expect("good settings");
            for (packet, origin) in &packets {
                let outcome = match Packet::parse(packet) {
                    Ok(packet) => receiver.push(&packet, *origin),
                    Err(error) => receiver.push_broken(error, *origin),
                };
                read += 1;
                if outcome == Outcome::Stopped {
                    break;
                }
            }
            reassembler = Some(receiver);
        });
        prop_assert!(
            held.bytes_max <= MULTIPLE * sent + OVERHEAD,
            "{} bytes held at a time for {sent} bytes of packets", held.bytes_max
        );
        let mut receiver = reassembler.expect("it was made");
        receiver.stop();
        support::laws::balanced(&mut receiver, read);
    }
}

#[test]
fn a_packet_that_declares_a_terabyte_costs_little() {
    let mut huge = RawPacket::part(1, 1 << 40, 0..1);
    huge.pointers.clear();
    let packet = huge.bytes();
    assert_eq!(packet.len(), 41);
    let mut received = None;
    let held = measure(|| {
        let mut receiver = Reassembler::new(RecvConfig::default()).expect("good settings");
        receiver.push(&Packet::parse(&packet).expect("a packet"), Origin::FOREIGN);
        received = Some(receiver);
    });
    assert!(held.bytes_max < 64 << 10, "{} bytes held", held.bytes_max);
    let mut receiver = received.expect("it was made");
    let good = RawPacket::part(2, 32, 0..32).bytes();
    receiver.push(&Packet::parse(&good).expect("a packet"), Origin::FOREIGN);
    assert_eq!(receiver.pop().expect("a heap").cnt(), 2);
}

#[test]
fn limits_refuse_packet_by_packet() {
    let limits = Limits { heap_length: 1000, live_bytes: 100, items: 2 };
    let config = RecvConfig { limits, ..RecvConfig::default() };
    let outcome = |packets: &[RawPacket]| {
        let mut receiver = Reassembler::new(config).expect("good settings");
        let push =
            |packet: &RawPacket| receiver.push(&Packet::parse(&packet.bytes()).expect("a packet"), Origin::FOREIGN);
        packets.iter().map(push).last().expect("a packet")
    };
    assert_eq!(
        outcome(&[RawPacket::part(1, 1001, 0..8)]),
        Outcome::Rejected(Rejection::HeapLengthLimit { given: 1001, limit: 1000 })
    );
    assert_eq!(
        outcome(&[RawPacket::part(1, 200, 0..60), RawPacket::part(2, 200, 0..60)]),
        Outcome::Rejected(Rejection::LiveBytesLimit { live: 120, limit: 100 })
    );
    let mut many = RawPacket::part(1, 8, 0..8);
    many.pointers = vec![0x1000 << 48, 0x1001 << 48, 0x1002 << 48, 0x1002 << 48];
    assert_eq!(outcome(&[many]), Outcome::Rejected(Rejection::ItemLimit { items: 3, limit: 2 }));
}

#[test]
fn every_truncation_has_a_reason() {
    let whole = RawPacket::part(1, 32, 0..32).bytes();
    for length in 0..whole.len() {
        let error = Packet::parse(&whole.slice(..length)).expect_err("cut short");
        let expected = match length {
            0..8 => matches!(error, PacketError::TooShort { .. }),
            8..48 => matches!(error, PacketError::ItemTable { .. }),
            _ => matches!(error, PacketError::Truncated { .. }),
        };
        assert!(expected, "{length} bytes: {error}");
    }
}

/// Threads of their own send into a harness in turns: the books balance whatever the interleaving.
#[test]
fn a_harness_balances_with_groups_and_stops() {
    for turn in 0..20 {
        let harness = Harness::builder().senders(3).max_heaps(2).substreams(1).build().expect("good settings");
        let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![0; 3000]).build().expect("small");
        for sender in 0..3 {
            let group = [heap.with_cnt(1 + turn % 3), heap.with_cnt(7)];
            harness.sender(sender).send_heaps(&group, GroupMode::RoundRobin).expect("open");
            if turn % 4 == 3 {
                let end = Heap::end_of_stream(Flavour::SPEAD_64_48);
                harness.sender(sender).send_heap(&end).expect("open");
            }
        }
        let report = harness.finish();
        let ledger = &report.receivers[0].ledger;
        let left: u64 = report.left.iter().map(|(_, packets)| packets).sum();
        let sent = 3 * 2 * 3 + if turn % 4 == 3 { 3 } else { 0 };
        assert_eq!(ledger.received() + left, sent);
        assert_eq!(Fate::ALL.iter().copied().map(|fate| ledger.of(fate)).sum::<u64>(), ledger.received());
    }
}
