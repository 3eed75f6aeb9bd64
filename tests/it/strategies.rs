//! The strategies for users: what they make is sound, and what fails shrinks to what matters.

use proptest::{
    prelude::*,
    test_runner::{TestError, TestRunner},
};
use spead_inproc::{Flavour, Harness, ItemGroup, Value, harness::Act};
use support::strategies::{acts, config, fault_plans, heaps, item_groups, orders, packet_storms, selects};

const FLAVOUR: Flavour = Flavour::SPEAD_64_48;

proptest! {
    #![proptest_config(config(200))]

    /// Names, types and values of a group come back, whatever they are; not a number is what it was, bit by bit.
    #[test]
    fn item_groups_come_back(mut sent in item_groups(FLAVOUR, 5, 40), order in orders()) {
        let harness = Harness::builder().order(order).build().unwrap();
        harness.sender(0).send_heap(&sent.heap().unwrap()).unwrap();
        let mut received = ItemGroup::new(FLAVOUR);
        received.update(&harness.receiver().next_heap().unwrap()).unwrap();
        let text = |group: &ItemGroup| {
            let item = |(name, value): (String, Option<Value>)| format!("{name} {value:?}");
            group.items().map(|each| item((each.name().to_owned(), each.value().cloned()))).collect::<Vec<_>>()
        };
        prop_assert_eq!(text(&sent), text(&received));
    }
}

/// The least that still fails.
fn least<S: Strategy>(strategy: S, fails: impl Fn(&S::Value) -> bool) -> S::Value {
    let outcome =
        TestRunner::new(ProptestConfig { failure_persistence: None, ..config(2000) }).run(&strategy, |value| {
            prop_assert!(!fails(&value));
            Ok(())
        });
    match outcome {
        Err(TestError::Fail(_, least)) => least,
        other => panic!("nothing fails: {other:?}"),
    }
}

#[test]
fn a_heap_shrinks_to_the_item_that_matters() {
    let heap = least(heaps(FLAVOUR, 8, 900), |heap| {
        heap.items().iter().any(|item| item.as_addressed().is_some_and(|bytes| bytes.len() >= 10))
    });
    assert_eq!(heap.items().iter().map(|item| item.bytes().to_vec()).collect::<Vec<_>>(), [vec![0; 10]]);
}

#[test]
fn a_plan_shrinks_to_the_rule_that_matters() {
    let plans = fault_plans(acts(100, selects(3, 4, 5)), selects(3, 4, 5));
    let plan = least(plans, |plan| plan.to_string().contains(".duplicate("));
    assert_eq!(plan.to_string(), "Faults::new()\n    .duplicate(\"rule 0\", Select::all())");
    let drops = fault_plans(Just(Act::Drop), selects(3, 4, 5));
    let plan = least(drops, |plan| plan.to_string().contains("packets([4"));
    assert_eq!(plan.to_string(), "Faults::new()\n    .drop(\"rule 0\", Select::all().packets([4]))");
}

#[test]
fn a_storm_shrinks_to_the_packet_that_matters() {
    let is_foreign = |packets: &Vec<bytes::Bytes>| packets.iter().any(|packet| packet.first() == Some(&7));
    let storm = least(packet_storms(FLAVOUR, 4), is_foreign);
    assert_eq!(storm.len(), 2, "an empty heap and the packet: {storm:?}");
    assert!(storm.contains(&bytes::Bytes::from_static(&[7])), "{storm:?}");
}

#[test]
fn a_group_shrinks_to_the_value_that_matters() {
    let group = least(item_groups(FLAVOUR, 5, 40), |group| {
        group.items().any(|item| item.value().is_some_and(|value| value.len() >= 3))
    });
    assert_eq!(group.len(), 1);
    assert_eq!(group["item_0"].shape(), [3]);
}
