use std::panic::{AssertUnwindSafe, catch_unwind};

use spead_inproc::{
    Harness, ReceivedHeap, RecvStream,
    harness::{EndpointError, Groups, WireView},
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
    // Both are used, or the harness would complain.
    for address in ["239.102.1.0:7148", "239.102.1.1:7148"] {
        let _rx = harness.groups().receiver(address).unwrap();
        harness.groups().sender(address).unwrap().send_heap(&heap(0, 0, 1)).unwrap();
    }
    drop(harness.finish());
}
