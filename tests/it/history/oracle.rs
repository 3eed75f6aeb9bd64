//! What spead2 4.5.1 was seen to make of packets, in one process, in SPEAD-64-48, with incomplete heaps kept.
//!
//! The columns of numbers are spead2's statistics: heaps, packets, evicted, flushed, single-packet heaps. The fates at the
//! end are ours: spead2 does not tell them apart, and does not count packets that it cannot decode.

use bytes::{BufMut, Bytes, BytesMut};
use rstest::rstest;
use spead_inproc::RecvConfig;
use support::raw_packet::{RawPacket, addressed, immediate};

use super::{any_order, halves, part, receive, single, stop, unsized_part, window};

const DEFAULT: fn() -> RecvConfig = RecvConfig::default;

#[rstest]
#[case::first_of_two_packets_only(DEFAULT(), [part(1, 64, 0..32)], &["1: 0..32 of 64, flushed"], [1, 1, 0, 1, 0], "flushed 1")]
#[case::two_packets_reversed(DEFAULT(), reversed(), &["1: 0..32 of 64, flushed"], [1, 2, 0, 1, 0], "rejected 1, flushed 1")]
#[case::two_packets_reversed_in_any_order(any_order(), reversed(), &["1: whole"], [1, 2, 0, 0, 0], "used 2")]
#[case::first_first_again_second(
    DEFAULT(), [part(1, 64, 0..32), part(1, 64, 0..32), part(1, 64, 32..64)],
    &["1: whole"], [1, 3, 0, 0, 0], "used 2, duplicate 1"
)]
#[case::whole_heap_twice(DEFAULT(), [single(1), single(1)], &["1: whole", "1: whole"], [2, 2, 0, 0, 2], "used 2")]
#[case::heap_length_differs_in_the_second(
    DEFAULT(), [part(1, 64, 0..32), part(1, 96, 32..64)],
    &["1: 0..32 of 64, flushed"], [1, 2, 0, 1, 0], "rejected 1, flushed 1"
)]
#[case::window_of_1_two_heaps_interleaved(
    window(1), interleaved(1..=2),
    &["1: 0..32 of 64, evicted by 2", "2: whole"], [2, 4, 1, 0, 0], "used 2, evicted 1, late 1"
)]
#[case::window_of_2_three_heaps_interleaved(
    window(2), interleaved(1..=3),
    &["1: 0..32 of 64, evicted by 3", "2: whole", "3: whole"], [3, 6, 1, 0, 0], "used 4, evicted 1, late 1"
)]
#[case::window_of_2_partial_then_two_complete_then_the_rest(
    window(2), [part(1, 64, 0..32), single(2), single(3), part(1, 64, 32..64)],
    &["2: whole", "1: 0..32 of 64, evicted by 3", "3: whole"], [3, 4, 1, 0, 2], "used 2, evicted 1, late 1"
)]
#[case::payload_passes_heap_length(DEFAULT(), [part(1, 48, 32..64)], &[], [0, 0, 0, 0, 0], "rejected 1")]
#[case::payload_longer_than_datagram(DEFAULT(), [part(1, 64, 0..32).slice(..71)], &[], [0, 0, 0, 0, 0], "rejected 1")]
#[case::trailing_bytes(DEFAULT(), [trailing()], &[], [0, 0, 0, 0, 0], "rejected 1")]
#[case::bad_magic_then_good(DEFAULT(), [bad_magic(), single(2)], &["2: whole"], [1, 1, 0, 0, 1], "used 1, rejected 1")]
#[case::data_stop_data(DEFAULT(), [single(1), stop(2), single(3)], &["1: whole"], [1, 2, 0, 0, 2], "used 2")]
#[case::data_stop_data_with_stop_on_stop_off(
    RecvConfig { stop_on_stop_item: false, ..DEFAULT() }, [single(1), stop(2), single(3)],
    &["1: whole", "2: whole", "3: whole"], [3, 3, 0, 0, 3], "used 3"
)]
#[case::partial_then_stop(
    DEFAULT(), [part(1, 64, 0..32), stop(2)],
    &["1: 0..32 of 64, flushed"], [1, 2, 0, 1, 1], "used 1, flushed 1"
)]
#[case::slow_heap_among_busy_ones(
    window(2), slow_and_busy(),
    &["1: whole", "2: 0..32 of 64, evicted by 3", "3: whole", "5: whole", "7: whole", "9: whole", "11: whole", "13: whole",
      "15: whole", "17: whole"],
    [10, 20, 1, 0, 0], "used 18, evicted 1, late 1"
)]
#[case::slow_heap_among_busy_ones_in_its_own_substream(
    RecvConfig { substreams: 2, ..window(2) }, slow_and_busy(),
    &["1: whole", "3: whole", "5: whole", "7: whole", "9: whole", "11: whole", "13: whole", "15: whole", "17: whole",
      "2: whole"],
    [10, 20, 0, 0, 0], "used 20"
)]
#[case::only_the_second_half(DEFAULT(), [part(1, 96, 32..64), part(1, 96, 64..96)], &[], [0, 2, 0, 0, 0], "rejected 2")]
#[case::no_heap_length_then_a_whole_heap(
    DEFAULT(), [unsized_part(1, 0..32), unsized_part(1, 32..64), single(2)],
    &["2: whole", "1: whole"], [2, 3, 0, 1, 1], "used 3"
)]
#[case::item_offset_40_in_a_heap_of_32_bytes(
    DEFAULT(), [item_beyond_the_end()],
    &["1: 0..32 of 32, flushed"], [1, 1, 0, 1, 1], "flushed 1"
)]
#[case::overlapping_in_any_order(
    any_order(), [part(1, 64, 0..32), part(1, 64, 16..64)],
    &["1: 0..32 of 64, flushed"], [1, 2, 0, 1, 0], "rejected 1, flushed 1"
)]
#[case::zero_length_packet_between_two_halves(
    DEFAULT(), [part(1, 64, 0..32), part(1, 64, 32..32), part(1, 64, 32..64)],
    &["1: whole"], [1, 3, 0, 0, 0], "used 3"
)]
#[case::ska_low_station_beam(DEFAULT(), [ska_low()], &[], [0, 0, 0, 0, 0], "rejected 1")]
fn oracle(
    #[case] config: RecvConfig,
    #[case] packets: impl IntoIterator<Item = Bytes>,
    #[case] heaps: &[&str],
    #[case] stats: [u64; 5],
    #[case] fates: &str,
) {
    let received = receive(config, packets);
    assert_eq!(received.heaps(), heaps);
    assert_eq!(received.stats(), stats);
    assert_eq!(received.fates(), fates);
}

fn reversed() -> Vec<Bytes> {
    halves(1).into_iter().rev().collect()
}

/// The first halves of the heaps, then the second ones.
fn interleaved(cnts: impl Iterator<Item = u64>) -> Vec<Bytes> {
    let (first, second): (Vec<_>, Vec<_>) = cnts.map(halves).map(|[first, second]| (first, second)).unzip();
    [first, second].concat()
}

fn slow_and_busy() -> Vec<Bytes> {
    let [slow, rest] = halves(2);
    let busy = (0..9).flat_map(|heap| halves(2 * heap + 1));
    [slow].into_iter().chain(busy).chain([rest]).collect()
}

fn trailing() -> Bytes {
    let mut packet = BytesMut::from(single(1));
    packet.put_u8(0);
    packet.freeze()
}

fn bad_magic() -> Bytes {
    let mut packet = BytesMut::from(single(1));
    packet[0] = 0x54;
    packet.freeze()
}

fn item_beyond_the_end() -> Bytes {
    RawPacket { pointers: vec![addressed(48, 0x1000, 40)], ..RawPacket::part(1, 32, 0..32) }.bytes()
}

/// What the LFAA of SKA-Low sends: neither heap length nor payload offset.
fn ska_low() -> Bytes {
    let fields = [(0x1027, 1_600_000_000), (0x1600, 5), (0x1011, 150_000_000), (0x3000, 1), (0x3001, 2)];
    let pointers = fields.into_iter().map(|(id, value)| immediate(48, id, value)).chain([addressed(48, 0x3300, 0)]);
    RawPacket {
        heap_length: None,
        payload_offset: None,
        pointers: pointers.collect(),
        ..RawPacket::part(0x0007_0000_0001, 0, 0..8192)
    }
    .bytes()
}
