use std::panic::{AssertUnwindSafe, catch_unwind};

use spead_inproc::{
    Harness, ReceivedHeap, RecvStream,
    harness::{EndpointError, Faults, Groups, Order, Select, WireView},
    spead_test,
};

use super::heap;

fn marks(rx: &RecvStream) -> Vec<u64> {
    let mark = |heap: &ReceivedHeap| heap.item(0x4101).unwrap().as_immediate().unwrap();
    rx.collect().unwrap().iter().map(mark).collect()
}

/// Two groups, four senders, three receivers, of which one subscribes to both.
#[spead_test(groups = "239.102.1.0+1:7148")]
fn each_heap_where_it_belongs(groups: Groups) {
    let left: Vec<_> = (0..2).map(|_| groups.sender("239.102.1.0:7148").unwrap()).collect();
    let right: Vec<_> = (0..2).map(|_| groups.sender("239.102.1.1:7148").unwrap()).collect();
    let early = groups.receiver("239.102.1.0:7148").unwrap();
    let all = groups.receiver("239.102.1.0+1:7148").unwrap();
    for (mark, tx) in left.iter().chain(&right).enumerate() {
        tx.send_heap(&heap(mark, 0, 1)).unwrap();
    }
    let late = groups.receiver("239.102.1.1:7148").unwrap();
    right[0].send_heap(&heap(2, 1, 1)).unwrap();
    assert_eq!(marks(&early), [0, 1]);
    assert_eq!(marks(&all), [0, 1, 2, 3, 2]);
    assert_eq!(marks(&late), [2, 3, 2]);
    assert_eq!(groups.tap("239.102.1.1:7148").unwrap().wire_view().lines().count(), 3);
    assert_eq!(left[1].sent().wire_view().lines().count(), 1);
}

/// One is named too: where it listens is part of what was received.
#[test]
fn a_receiver_of_groups_is_named_by_its_addresses() {
    let harness = Harness::builder().groups("239.102.1.0:7148").build().unwrap();
    let groups = harness.groups();
    let (tx, rx) = (groups.sender("239.102.1.0:7148").unwrap(), groups.receiver("239.102.1.0:7148").unwrap());
    tx.send_heap(&heap(0, 0, 1)).unwrap();
    drop(rx);
    let text = harness.finish().to_string();
    assert_eq!(text.lines().next(), Some("receiver 0 of 239.102.1.0:7148"));
}

#[test]
fn an_endpoint_that_is_not_used_or_mixed_up_fails_by_name() {
    let failure = |run: &dyn Fn(&Harness)| {
        let harness = Harness::builder().groups("239.102.1.0+1:7148").build().unwrap();
        run(&harness);
        let payload = catch_unwind(AssertUnwindSafe(|| drop(harness.finish()))).expect_err("no complaint");
        payload.downcast_ref::<String>().unwrap().clone()
    };
    let text = failure(&|harness| {
        let groups = harness.groups();
        let (tx, _rx) = (groups.sender("239.102.1.0:7148").unwrap(), groups.receiver("239.102.1.0:7148").unwrap());
        tx.send_heap(&heap(0, 0, 1)).unwrap();
    });
    assert_eq!(text, "239.102.1.1:7148 is unused: nobody sent to it, and nobody subscribed");
    let text = failure(&|harness| {
        let groups = harness.groups();
        let (tx, _rx) = (groups.sender("239.102.1.0:7148").unwrap(), groups.receiver("239.102.1.1:7148").unwrap());
        tx.send_heap(&heap(0, 0, 1)).unwrap();
    });
    insta::assert_snapshot!(text, @r"
    239.102.1.0:7148 is unused: 1 packet came, but nobody subscribed
    239.102.1.1:7148 is unused: 1 receiver subscribed, but nobody sent to it
    are they mixed up? what went to 239.102.1.0:7148 may have been meant for 239.102.1.1:7148
    ");
}

#[test]
fn addresses_are_checked() {
    let harness = Harness::builder().groups("239.102.1.0+1:7148").build().unwrap();
    for wrong in ["239.102.1.0", "239.102.1:7148", "239.102.1.0+x:7148", "255.255.255.255+1:7148", "239.102.1.0:70000"]
    {
        assert!(matches!(harness.groups().sender(wrong), Err(EndpointError::Malformed { .. })), "{wrong}");
        assert!(Harness::builder().groups(wrong).build().is_err(), "{wrong}");
    }
    let error = harness.groups().receiver("239.102.1.0+2:7148").unwrap_err().to_string();
    assert!(
        error.starts_with("239.102.1.2:7148 is none of this harness's groups, which are 239.102.1.0+1:7148"),
        "{error}"
    );
    let error = Harness::builder().groups("239.0.0.0+65536:7148").build().unwrap_err().to_string();
    assert!(error.contains("is 65537 addresses, and at most 65536 may be named at once"), "{error}");
    // Both are used, or the harness would complain.
    for address in ["239.102.1.0:7148", "239.102.1.1:7148"] {
        let _rx = harness.groups().receiver(address).unwrap();
        harness.groups().sender(address).unwrap().send_heap(&heap(0, 0, 1)).unwrap();
    }
    drop(harness.finish());
}

/// Orders and faults are for the senders of groups too: by index, as they were made.
#[spead_test(groups = "239.102.1.0+1:7148", order = Order::round_robin(), faults = half_lost(), snapshot = false)]
fn orders_and_faults(groups: Groups, harness: Harness) {
    let senders: Vec<_> =
        (0..4).map(|at| groups.sender(["239.102.1.0:7148", "239.102.1.1:7148"][at / 2]).unwrap()).collect();
    let left = groups.receiver("239.102.1.0:7148").unwrap();
    let all = groups.receiver("239.102.1.0+1:7148").unwrap();
    for (mark, tx) in senders.iter().enumerate() {
        for time in 0..3 {
            tx.send_heap(&heap(mark, time, 1)).unwrap();
        }
    }
    let expected = harness.expected(0x1600, 0x4101);
    // Nothing has come yet: the order is made as packets are read.
    assert_eq!(groups.tap("239.102.1.0:7148").unwrap().len(), 0);
    let heaps = all.collect().unwrap();
    assert_eq!(expected.found_in(&heaps), expected);
    let marks: Vec<u64> = heaps.iter().map(|heap| heap.item(0x4101).unwrap().as_immediate().unwrap()).collect();
    assert_eq!(marks, [0, 1, 2, 3, 0, 1, 3, 0, 1, 3]);
    // The other receiver's packets were put aside for it meanwhile.
    assert_eq!(self::marks(&left), [0, 1, 0, 1, 0, 1]);
    assert_eq!(harness.tap_lane(2).wire_view().lines().count(), 1);
    assert_eq!(
        all.ledger().planned().map(|act| (&*act.rule, act.origin.to_string())).collect::<Vec<_>>(),
        [("half", "sender 2".to_owned()), ("half", "sender 2".to_owned()),]
    );
}

fn half_lost() -> Faults {
    Faults::new().drop("half", Select::all().senders([2]).heaps([0, 1]))
}

#[spead_test(groups = "239.102.1.0:7148", exhaustive = 20)]
fn in_every_order(groups: Groups) {
    let senders: Vec<_> = (0..2).map(|_| groups.sender("239.102.1.0:7148").unwrap()).collect();
    let receivers: Vec<_> = (0..2).map(|_| groups.receiver("239.102.1.0:7148").unwrap()).collect();
    for time in 0..3 {
        senders.iter().enumerate().for_each(|(mark, tx)| assert!(tx.send_heap(&heap(mark, time, 1)).is_ok()));
    }
    assert_eq!(marks(&receivers[0]), marks(&receivers[1]));
}

/// A lane of a group is held, and one that stops lets nothing more in.
#[test]
fn lanes_of_groups_are_held() {
    let harness = Harness::builder().groups("239.102.1.0:7148").faults(Faults::new()).build().unwrap();
    let groups = harness.groups();
    let (first, second) = (groups.sender("239.102.1.0:7148").unwrap(), groups.sender("239.102.1.0:7148").unwrap());
    let rx = groups.receiver("239.102.1.0:7148").unwrap();
    harness.hold(0);
    first.send_heap(&heap(0, 0, 1)).unwrap();
    second.send_heap(&heap(1, 0, 1)).unwrap();
    assert_eq!(marks(&rx), [1]);
    harness.release(0);
    groups.stop();
    assert!(first.send_heap(&heap(0, 1, 1)).is_err());
    assert_eq!(marks(&rx), [0]);
    drop(harness.finish());
}
