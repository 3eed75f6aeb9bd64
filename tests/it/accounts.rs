//! The account of a harness: what it counts as read and left.

use bytes::Bytes;
use spead_inproc::{
    Flavour, Harness, HarnessError, Heap, InprocQueue, Packetizer, RecvConfig, RecvError, RecvStream, SendError,
    SendStream, spead_test,
};

fn heap() -> Heap {
    Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![7; 100]).build().unwrap()
}

fn packet(cnt: u64) -> Bytes {
    Packetizer::new(&heap(), cnt, 1472).unwrap().iter().next().unwrap()
}

#[spead_test(snapshot = false)]
fn a_receiver_may_read_other_queues_too(tx: SendStream, rx: RecvStream) {
    let other = InprocQueue::new();
    rx.add_inproc_reader(&other).unwrap();
    rx.add_buffer_reader(packet(7)).unwrap();
    (1..=3).for_each(|cnt| other.add_packet(packet(cnt + 100)).unwrap());
    other.stop();
    tx.send_heap(&heap()).unwrap();
    assert_eq!(rx.collect().unwrap().len(), 5);
}

#[test]
fn also_where_nobody_finishes_the_harness() {
    let harness = Harness::builder().build().unwrap();
    harness.receiver().add_buffer_reader(packet(7)).unwrap();
    assert_eq!(harness.receiver().next_heap().unwrap().cnt(), 7);
}

#[test]
fn packets_that_a_receiver_of_groups_left_are_in_the_account() {
    let harness = Harness::builder().groups("239.102.1.0:7148").build().unwrap();
    let (tx, rx) = {
        let groups = harness.groups();
        (groups.sender("239.102.1.0:7148").unwrap(), groups.receiver("239.102.1.0:7148").unwrap())
    };
    tx.send_heap(&Heap::end_of_stream(Flavour::SPEAD_64_48)).unwrap();
    tx.send_heap(&heap()).unwrap();
    assert!(matches!(rx.next_heap(), Err(RecvError::Stopped)));
    let report = harness.finish();
    assert_eq!(report.left.iter().map(|(_, packets)| packets).sum::<u64>(), 1);
    // Nothing more gets in, and nobody believes that it did.
    assert!(matches!(tx.send_heap(&heap()), Err(SendError::Stopped { .. })));
}

#[test]
fn a_stop_item_is_not_blamed_for_what_another_receiver_left() {
    let harness = Harness::builder().groups("239.102.1.0+1:7148").build().unwrap();
    let groups = harness.groups();
    let (a, b) = (groups.sender("239.102.1.0:7148").unwrap(), groups.sender("239.102.1.1:7148").unwrap());
    let (left, right) = (groups.receiver("239.102.1.0:7148").unwrap(), groups.receiver("239.102.1.1:7148").unwrap());
    for tx in [&a, &b] {
        tx.send_heap(&Heap::end_of_stream(Flavour::SPEAD_64_48)).unwrap();
        tx.send_heap(&heap()).unwrap();
    }
    for rx in [&left, &right] {
        assert!(matches!(rx.next_heap(), Err(RecvError::Stopped)));
    }
    let report = harness.finish();
    // Each sender cut off nobody but himself.
    assert_eq!(report.left.iter().map(|(_, packets)| *packets).collect::<Vec<_>>(), [1, 1]);
    assert!(report.lints.is_empty(), "{:?}", report.lints);
}

#[test]
fn groups_stop_with_their_harness() {
    let harness = Harness::builder().groups("239.102.1.0:7148").build().unwrap();
    let groups = harness.groups();
    let (tx, rx) = (groups.sender("239.102.1.0:7148").unwrap(), groups.receiver("239.102.1.0:7148").unwrap());
    tx.send_heap(&heap()).unwrap();
    harness.stop();
    assert_eq!(rx.heaps().map(Result::unwrap).count(), 1);
}

#[test]
fn settings_that_only_groups_would_use_are_checked() {
    let groups = || Harness::builder().groups("239.102.1.0:7148");
    assert!(matches!(groups().max_heaps(0).build(), Err(HarnessError::Recv(_))));
    let harness =
        groups().recv_config(RecvConfig { max_heaps: 2, ..RecvConfig::default() }).substreams(3).build().unwrap();
    assert_eq!(harness.groups().receiver("239.102.1.0:7148").unwrap().config().substreams, 3);
    let harness = groups().build().unwrap();
    assert_eq!(harness.groups().receiver("239.102.1.0:7148").unwrap().config().substreams, 64);
}

#[test]
#[should_panic(expected = "the harness has no receiver of its own: use `groups().receiver(..)`")]
fn a_harness_of_groups_has_no_receiver_of_its_own() {
    let harness = Harness::builder().groups("239.102.1.0:7148").build().unwrap();
    let _ = harness.receiver();
}
