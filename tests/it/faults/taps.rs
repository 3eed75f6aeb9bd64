use spead_inproc::{
    Harness, assert_packets_snapshot,
    harness::{Faults, Order, Select, WireView},
};

use super::{PACKET, heap};

/// What went in, what left the lane, what the queue got: three looks, and the receiver misses nothing.
#[test]
fn each_place_has_its_own_view() {
    let faults = Faults::new().drop("lost", Select::all().senders([0]).packets([1]));
    let builder = Harness::builder().senders(2).packet_size(PACKET).out_of_order().order(Order::round_robin());
    let harness = builder.faults(faults).build().unwrap();
    for sender in 0..2 {
        harness.sender(sender).send_heap(heap(sender, 0, 2).repeat_pointers()).unwrap();
    }
    assert_eq!(harness.tap_queue().len(), 0);
    harness.stop();
    while harness.receiver().next_event().is_ok() {}
    assert_packets_snapshot!(harness.sender(0).sent(), @r"
    sender 0: heap 0x1 0..16 of 32, 80 bytes, 0x1600 I 0, 0x4101 I 0, 0x4300 A 0
    sender 0: heap 0x1 16..32 of 32, 80 bytes, 0x1600 I 0, 0x4101 I 0, 0x4300 A 0
    ");
    assert_packets_snapshot!(harness.tap_lane(0), @"sender 0: heap 0x1 0..16 of 32, 80 bytes, 0x1600 I 0, 0x4101 I 0, 0x4300 A 0");
    assert_packets_snapshot!(harness.tap_queue(), @r"
    sender 0: heap 0x1 0..16 of 32, 80 bytes, 0x1600 I 0, 0x4101 I 0, 0x4300 A 0
    sender 1: heap 0x2 0..16 of 32, 80 bytes, 0x1600 I 0, 0x4101 I 1, 0x4300 A 0
    sender 1: heap 0x2 16..32 of 32, 80 bytes, 0x1600 I 0, 0x4101 I 1, 0x4300 A 0
    ");
    assert_eq!(harness.tap_queue().wire_view(), harness.receiver().wire_view());
    assert_eq!(harness.finish().receivers[0].ledger.received(), 3);
}

/// Several receivers share the packets; a tap has them all.
#[test]
fn a_tap_is_no_reader() {
    let harness = Harness::builder().receivers(2).taps().build().unwrap();
    for time in 0..4 {
        harness.sender(0).send_heap(&heap(0, time, 1)).unwrap();
    }
    assert_eq!(harness.tap_queue().len(), 4);
    let heaps: usize = harness.receivers().iter().map(|rx| rx.collect().unwrap().len()).sum();
    assert_eq!((heaps, harness.tap_queue().len()), (4, 4));
}

#[test]
#[should_panic(expected = "build the harness with `.taps()`")]
fn a_tap_is_asked_for_before() {
    let harness = Harness::builder().build().unwrap();
    drop(harness.tap_queue());
}
