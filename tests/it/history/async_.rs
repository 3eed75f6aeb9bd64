//! Behaviours 73 to 78. What needs executors comes later; two that are about packets stand here because they do in the list.

use spead_inproc::{RecvConfig, Rejection};

use super::{any_order, part, receive};

#[test]
fn b76_out_of_order_a_packet_that_overlaps_what_came_is_rejected_whole() {
    let middle = part(1, 96, 32..64);
    for (payload, duplicate) in [
        (16..48, false),
        (48..80, false),
        (0..95, false),
        (24..72, false),
        (32..64, true),
        (40..48, true),
        (63..64, true),
    ] {
        let (payload_offset, payload_length) = (payload.start, payload.end - payload.start);
        let received = receive(any_order(), [middle.clone(), part(1, 96, payload.clone())]);
        assert_eq!(received.heaps(), ["1: 32..64 of 96, flushed"], "{payload:?}");
        if duplicate {
            assert_eq!(received.fates(), "duplicate 1, flushed 1", "{payload:?}");
        } else {
            assert_eq!(received.rejections(), [(Rejection::Overlap { payload_offset, payload_length }, 1)]);
        }
    }
    // Neighbours only touch.
    let touching = [middle, part(1, 96, 64..96), part(1, 96, 0..32)];
    assert_eq!(receive(any_order(), touching).heaps(), ["1: whole"]);
}

#[test]
fn b77_a_zero_length_packet_in_the_middle_is_harmless() {
    let packets = [part(1, 64, 0..32), part(1, 64, 32..32), part(1, 64, 32..64)];
    for config in [RecvConfig::default(), any_order()] {
        let received = receive(config, packets.clone());
        assert_eq!(received.whole().item(0x1000).unwrap().bytes(), (0..64).collect::<Vec<u8>>());
        assert_eq!(received.stats(), [1, 3, 0, 0, 0]);
        assert_eq!(received.fates(), "used 3");
    }
    // Where nothing else came it is a range of its own; inside what came it is a repetition.
    let received = receive(any_order(), [part(1, 64, 48..48), part(1, 64, 0..32), part(1, 64, 16..16)]);
    assert_eq!(received.heaps(), ["1: 0..32 48..48 of 64, flushed"]);
    assert_eq!(received.fates(), "duplicate 1, flushed 2");
}
