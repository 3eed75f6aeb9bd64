use spead_inproc::{
    Harness, RecvError,
    harness::{Faults, Order, Step},
    stream::Stepper,
};

use super::{PACKET, arrivals, heap};

/// Two packets from each of three senders, sender by sender.
fn sent(order: Order) -> Harness {
    let harness = Harness::builder().senders(3).packet_size(PACKET).order(order).faults(Faults::new()).build().unwrap();
    for sender in 0..3 {
        harness.sender(sender).send_heap(heap(sender, 0, 2).repeat_pointers()).unwrap();
    }
    harness
}

#[test]
fn as_sent() {
    assert_eq!(arrivals(&sent(Order::as_sent())), "0.0 0.1 1.0 1.1 2.0 2.1");
}

#[test]
fn round_robin() {
    assert_eq!(arrivals(&sent(Order::round_robin())), "0.0 1.0 2.0 0.1 1.1 2.1");
}

#[test]
fn a_seed_gives_the_same_order_each_time() {
    let orders: Vec<String> = (0..50).map(|seed| arrivals(&sent(Order::random(seed)))).collect();
    assert_eq!(orders, (0..50).map(|seed| arrivals(&sent(Order::random(seed)))).collect::<Vec<_>>());
    assert_eq!(orders[0], "2.0 1.0 2.1 0.0 0.1 1.1");
    let mut different = orders;
    different.sort();
    different.dedup();
    assert!(different.len() > 30, "{}", different.len());
}

#[test]
fn scripts_name_packets_or_heaps_or_just_the_sender() {
    assert_eq!(arrivals(&sent(Order::script([(2, 0, 0), (0, 0, 0), (2, 0, 1)]))), "2.0 0.0 2.1 0.1 1.0 1.1");
    assert_eq!(arrivals(&sent(Order::script([(1, 0)]))), "1.0 1.1 0.0 0.1 2.0 2.1");
    assert_eq!(arrivals(&sent(Order::script([2, 1, 2].map(Step::next)))), "2.0 1.0 2.1 0.0 0.1 1.1");
    assert_eq!(arrivals(&sent(Order::script([(1, 0, 1), (1, 0, 0)]))), "1.1 1.0 0.0 0.1 2.0 2.1");
}

#[test]
fn a_script_waits_and_says_so() {
    let harness = sent(Order::script([(1, 1, 0), (0, 0, 0)]));
    let Err(error @ RecvError::Starved(_)) = harness.receiver().next_heap() else { panic!("not starved") };
    assert!(error.to_string().contains("waiting: 2 packets of sender 0; the script waits for a packet"), "{error}");
    harness.sender(1).send_heap(&heap(1, 1, 1)).unwrap();
    assert_eq!(harness.receiver().collect().unwrap().len(), 4);
    // What never comes is passed over at the end.
    let harness = sent(Order::script([(1, 1, 0), (2, 0, 0)]));
    harness.stop();
    assert_eq!(arrivals(&harness), "2.0 0.0 0.1 1.0 1.1 2.1");
}

#[test]
fn a_script_waits_for_all_packets_of_a_heap() {
    let stepper = Stepper::new();
    let order = Order::script([(1, 0), (0, 0)]);
    let harness = Harness::builder().senders(2).packet_size(PACKET).order(order).io(&stepper).build().unwrap();
    for sender in 0..2 {
        drop(harness.sender(sender).send_heap_async(heap(sender, 0, 3).repeat_pointers()));
    }
    // Packets come one by one, and are read as they come.
    while stepper.step() {
        arrivals(&harness);
    }
    assert_eq!(arrivals(&harness), "1.0 1.1 1.2 0.0 0.1 0.2");
}

#[test]
fn a_lane_is_held_and_released() {
    let harness = Harness::builder().senders(2).faults(Faults::new()).build().unwrap();
    harness.hold(0);
    harness.sender(0).send_heap(&heap(0, 0, 1)).unwrap();
    harness.sender(1).send_heap(&heap(1, 0, 1)).unwrap();
    let cnts = || harness.receiver().collect().unwrap().iter().map(|heap| heap.cnt().get()).collect::<Vec<_>>();
    assert_eq!(cnts(), [2]);
    let error = harness.receiver().next_heap().unwrap_err().to_string();
    assert!(error.contains("waiting: 1 packet of sender 0; its lane is held"), "{error}");
    harness.sender(1).send_heap(&heap(1, 1, 1)).unwrap();
    harness.release(0);
    harness.sender(1).send_heap(&heap(1, 2, 1)).unwrap();
    assert_eq!(cnts(), [4, 1, 6]);
    assert_eq!(harness.finish().receivers[0].ledger.used(), 4);
}
