//! What holds for every plan.

use std::collections::BTreeSet;

use proptest::prelude::*;
use spead_inproc::{
    Event, Harness, SendStream,
    harness::{Act, Faults, Order, Select, WireView},
};
use support::strategies::{acts, config, fault_plans, orders, selects};

use super::{PACKET, heap};

const SENDERS: usize = 3;

fn plans(acts: impl Strategy<Value = Act>) -> impl Strategy<Value = Faults> {
    fault_plans(acts, selects(SENDERS, 4, 5))
}

/// Some heaps of one to five packets each from three senders, and which packets there are.
fn sent(faults: Faults, order: Order, heaps: &[usize]) -> (Harness, BTreeSet<(usize, u64, u32)>) {
    let builder = Harness::builder().senders(SENDERS).packet_size(PACKET).max_heaps(100).out_of_order();
    let harness = builder.faults(faults).order(order).build().unwrap();
    let mut all = BTreeSet::new();
    for (at, packets) in heaps.iter().enumerate() {
        let (sender, time) = (at % SENDERS, u64::try_from(at / SENDERS).unwrap());
        let tx: &SendStream = harness.sender(sender);
        tx.send_heap(heap(sender, time, *packets).repeat_pointers()).unwrap();
        all.extend((0..u32::try_from(*packets).unwrap()).map(|packet| (sender, time, packet)));
    }
    (harness, all)
}

proptest! {
    #![proptest_config(config(300))]

    /// What the plan says is dropped is exactly what is missing.
    #[test]
    fn what_is_dropped_is_what_is_missing(
        faults in plans(Just(Act::Drop)),
        order in orders(),
        heaps in proptest::collection::vec(1_usize..6, 1..10),
    ) {
        let (harness, all) = sent(faults, order, &heaps);
        let expected = harness.expected(0x1600, 0x4101);
        let report = harness.finish();
        let dropped: BTreeSet<_> = report.done.iter().map(|done| (done.sender, done.heap, done.packet)).collect();
        let mut arrived = BTreeSet::new();
        let mut whole = Vec::new();
        for event in &report.receivers[0].events {
            let cnt = event.cnt().get() - 1;
            let (sender, time) = (usize::try_from(cnt).unwrap() % SENDERS, cnt / SENDERS as u64);
            let missing = match event {
                Event::Heap(heap) => {
                    whole.push(heap.clone());
                    Vec::new()
                }
                Event::Incomplete(heap) => heap.missing_ranges(),
                event => panic!("{event:?}"),
            };
            let of = all.iter().filter(|(s, t, _)| (*s, *t) == (sender, time));
            let came = |packet: u32| missing.iter().all(|range| !range.contains(&(16 * u64::from(packet))));
            arrived.extend(of.filter(|(_, _, packet)| came(*packet)));
        }
        prop_assert_eq!(&arrived | &dropped, all.clone());
        prop_assert!(arrived.is_disjoint(&dropped));
        prop_assert_eq!(report.receivers[0].ledger.received(), (all.len() - dropped.len()) as u64);
        prop_assert_eq!(expected.found_in(&whole), expected);
    }

    /// Whatever the plan does, every packet is accounted for, and the same plan gives the same bytes.
    #[test]
    fn the_ledger_balances_and_runs_are_the_same(
        faults in plans(acts(PACKET, selects(SENDERS, 4, 5))),
        order in orders(),
        heaps in proptest::collection::vec(1_usize..6, 1..10),
    ) {
        let run = || {
            let (harness, all) = sent(faults.clone(), order.clone(), &heaps);
            harness.stop();
            let wire = harness.receiver().wire_view();
            (wire, harness.finish(), all)
        };
        let (wire, report, all) = run();
        let count = |of: fn(&Act) -> bool| report.done.iter().filter(|done| of(&done.act)).count();
        let added = count(|act| matches!(act, Act::Duplicate | Act::Inject(_)));
        let dropped = count(|act| matches!(act, Act::Drop));
        let total = report.receivers[0].ledger.total();
        let left: u64 = report.left.iter().map(|(_, packets)| packets).sum();
        prop_assert_eq!(total.received() + left, (all.len() + added - dropped) as u64);
        prop_assert_eq!(total.live(), 0);
        let (again, same, _) = run();
        prop_assert_eq!(wire, again);
        prop_assert_eq!(report.to_string(), same.to_string());
    }
}

/// The bytes of one seed, written down: equal on every run, machine and test runner.
#[test]
fn a_seed_is_the_same_everywhere() {
    let faults = Faults::new()
        .drop("lost", Select::all().chance(0.2, 11))
        .duplicate("twice", Select::all().chance(0.2, 12))
        .delay("late", Select::all().chance(0.2, 13), 2);
    let (harness, _) = sent(faults, Order::random(14), &[2, 3, 4, 5, 1, 2]);
    harness.stop();
    insta::assert_snapshot!(super::arrivals(&harness), @"1.0 0.0 1.0 0.1 2.0 1.1 2.0 2.1 1.2 2.1 2.3 0.1 1.0 0.1 0.0 0.3 2.0 0.4");
}
