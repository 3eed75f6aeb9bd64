//! The same test under each policy: what the receiver knows by name, heap by heap.

use rstest::rstest;
use spead_inproc::{
    Descriptor, Fate, Flavour, Harness, Heap, ItemGroup, Value,
    harness::{Descriptors, Lint},
    spead_test,
};

const FLAVOUR: Flavour = Flavour::SPEAD_64_48;

fn gains(shape: [usize; 2]) -> Descriptor {
    Descriptor::new(0x1800, "gains", "of each antenna").dtype("u1").shape(shape).build().unwrap()
}

fn timestamp(name: &str) -> Descriptor {
    Descriptor::new(0x1600, name, "ADC samples").format("u48").build().unwrap()
}

fn items() -> ItemGroup {
    let mut items = ItemGroup::new(FLAVOUR);
    items.add(timestamp("timestamp"), None).unwrap();
    items.add(gains([2, 2]), None).unwrap();
    items
}

fn set(items: &mut ItemGroup, time: u64) {
    items.set("timestamp", time).unwrap();
    items.set("gains", Value::from(vec![1_u8, 2, 3, u8::try_from(time).unwrap()])).unwrap();
}

/// What a receiver has updated by name from each heap, in order.
fn known(heaps: impl IntoIterator<Item = impl AsRef<Heap>>) -> String {
    let mut group = ItemGroup::new(FLAVOUR);
    let line = |heap: &Heap| {
        let updated = group.update(heap).unwrap();
        let shape = |name: &String| format!("{name} {:?}", group.item(name).unwrap().shape());
        let names: Vec<String> = updated.names().iter().map(shape).collect();
        let unknown: Vec<String> = updated.unknown().iter().map(|id| format!("{id:#06x}?")).collect();
        format!("described [{}], updated [{}]\n", updated.described().join(", "), [names, unknown].concat().join(", "))
    };
    let heaps: Vec<Heap> = heaps.into_iter().map(|heap| heap.as_ref().clone()).collect();
    heaps.iter().map(line).collect()
}

/// Descriptors by themselves, then four heaps of data, as the field sends them.
#[spead_test(descriptors = policy.clone())]
#[rstest]
#[case::first(Descriptors::first())]
#[case::late(Descriptors::late(2))]
#[case::too_late(Descriptors::late(5))]
#[case::lost(Descriptors::lost())]
#[case::every(Descriptors::every(2))]
#[case::changed(Descriptors::changed(2, [timestamp("time"), gains([4, 1])]))]
fn policies(#[case] policy: Descriptors, harness: Harness) {
    let mut items = items();
    harness.sender(0).send_heap(&items.heap().unwrap()).unwrap();
    for time in 0..4 {
        set(&mut items, time);
        harness.sender(0).send_heap(&items.heap().unwrap()).unwrap();
    }
    insta::assert_snapshot!(known(harness.receiver().collect().unwrap()));
    let dropped = harness.receiver().ledger().of(Fate::Dropped);
    assert_eq!(dropped > 0, ["late", "lost"].iter().any(|word| policy.to_string().starts_with(word)), "{policy}");
}

/// Descriptors in the heap that has the first data; two senders, each with a policy of its own.
#[spead_test(senders = 2, descriptors = Descriptors::late(1), snapshot = false)]
fn they_are_taken_out_of_heaps_with_data(harness: Harness) {
    for time in 0..2 {
        for sender in 0..2 {
            let mut items = items();
            set(&mut items, time);
            harness.sender(sender).send_heap(&items.heap().unwrap()).unwrap();
        }
    }
    let heaps = harness.receiver().collect().unwrap();
    let of = |sender: u64| known(heaps.iter().filter(|heap| heap.cnt().get() % 2 == (sender + 1) % 2));
    insta::assert_snapshot!(of(0), @r"
    described [], updated [0x1600?, 0x1800?]
    described [timestamp, gains], updated []
    described [timestamp, gains], updated [timestamp (), gains (2, 2)]
    ");
    assert_eq!(of(0), of(1));
    // No cnt twice, and every heap in its sender's substream.
    let report = harness.finish();
    assert!(!report.lints.iter().any(|lint| matches!(lint, Lint::SharedCnt { .. })), "{:?}", report.lints);
    assert_eq!(report.receivers[0].ledger.heaps().whole, 6);
}
