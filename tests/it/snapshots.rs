//! What snapshots look like, and what is said when they differ.

use num_complex::Complex;
use spead_inproc::{
    Descriptor, Flavour, GroupMode, Harness, Heap, ItemGroup, Packetizer, RecvStream, SendStream, Value,
    assert_heaps_snapshot, assert_packets_snapshot, spead_test,
};

const FLAVOUR: Flavour = Flavour::SPEAD_64_48;

/// S2 (spec, field): what an F-engine says of its heaps.
fn feng() -> ItemGroup {
    let mut group = ItemGroup::new(FLAVOUR);
    let scalar = |id, name, about| Descriptor::new(id, name, about).format("u48");
    group.add(scalar(0x1600, "timestamp", "ADC samples since the sync time"), None).unwrap();
    group.add(scalar(0x4101, "feng_id", "which antenna"), None).unwrap();
    group.add(scalar(0x4103, "frequency", "first channel of this heap"), None).unwrap();
    let raw = Descriptor::new(0x4300, "feng_raw", "channelised complex voltages");
    group.add(raw.dtype("|i1").shape([64, 32, 2, 2]), None).unwrap();
    group
}

fn voltages(antenna: u8) -> Value {
    let tone = |at: i32| i8::try_from(at * (7 + i32::from(antenna)) % 181 - 90).unwrap();
    Value::from((0..8192).map(tone).collect::<Vec<_>>())
}

#[spead_test(senders = 4)]
fn four_antennas(tx: [SendStream; 4]) {
    let mut groups: Vec<ItemGroup> = (0..4).map(|_| feng()).collect();
    tx[0].send_heap(&groups[0].heap().unwrap()).unwrap();
    for (antenna, (tx, group)) in (0_u8..).zip(tx.iter().zip(&mut groups)) {
        if antenna > 0 {
            group.heap().unwrap();
        }
        group.set("timestamp", 1_u64 << 21).unwrap();
        group.set("feng_id", antenna).unwrap();
        group.set("frequency", 64_u16).unwrap();
        group.set("feng_raw", voltages(antenna)).unwrap();
        tx.send_heap(&group.heap().unwrap()).unwrap();
    }
    tx[0].send_heap(&Heap::end_of_stream(FLAVOUR)).unwrap();
}

#[spead_test(senders = 2, max_heaps = 1, substreams = 1)]
fn a_heap_is_evicted(tx: [SendStream; 2]) {
    let heap = |len| Heap::builder(FLAVOUR).immediate(0x1600, 9).item(0x4300, vec![3; len]).build().unwrap();
    let (long, short) = (heap(4000), heap(10));
    // The long heap's packets surround the short one.
    let both = [long.with_cnt(1), short.with_cnt(3)];
    tx[0].send_heaps(&both, GroupMode::RoundRobin).unwrap();
    tx[1].send_heap(&short).unwrap();
}

#[test]
fn values_of_every_kind() {
    let harness = Harness::builder().packet_size(9000).build().unwrap();
    let mut group = ItemGroup::new(FLAVOUR);
    let add = |group: &mut ItemGroup, descriptor, value: Value| group.add(descriptor, value).map(|_| ()).unwrap();
    add(
        &mut group,
        Descriptor::new(0x2000, "samples", "10 bits").format("i10").shape([4]),
        vec![-512_i16, 511, 0, 1].into(),
    );
    add(
        &mut group,
        Descriptor::new(0x2001, "gains", "").dtype("<c8").shape([2]),
        vec![Complex::new(1.0_f32, -0.5), Complex::new(0.1, 2.0)].into(),
    );
    add(&mut group, Descriptor::new(0x2002, "name", "").format("c8").shape([None]), "telescope".into());
    add(
        &mut group,
        Descriptor::new(0x2003, "pair", "").format("u4 i12").shape([2]),
        Value::record([("f0", Value::from(vec![1_u8, 15])), ("f1", Value::from(vec![-2048_i16, 5]))]),
    );
    add(&mut group, Descriptor::new(0x2004, "ok", "").format("b8"), true.into());
    add(&mut group, Descriptor::new(0x2005, "temperature", "").dtype("<f8"), 0.1_f64.into());
    add(
        &mut group,
        Descriptor::new(0x2006, "spectrum", "").dtype("<f4").shape([3, 8]),
        (0..24_u8).map(|x| f32::from(x) / 7.0).collect::<Vec<_>>().into(),
    );
    add(
        &mut group,
        Descriptor::new(0x2007, "visibilities", "").dtype("<c8").shape([20]),
        (0..20_u8).map(|x| Complex::new(f32::from(x), -1.0)).collect::<Vec<_>>().into(),
    );
    add(&mut group, Descriptor::new(0x2008, "weights", "").dtype("<f4").shape([17]), vec![f32::NAN; 17].into());
    harness.sender(0).send_heap(&group.heap().unwrap()).unwrap();
    assert_heaps_snapshot!(harness.receiver(), "values_of_every_kind");
}

#[spead_test(senders = 1)]
fn what_the_body_has_shown_is_not_shown_again(tx: SendStream, rx: RecvStream) {
    let mut group = feng();
    tx.send_heap(&group.heap().unwrap()).unwrap();
    assert_heaps_snapshot!(rx, @r#"
    descriptor heap 0x1 from sender 0: whole, 1 packet, SPEAD-64-48
      describes 0x1600 timestamp u48: "ADC samples since the sync time"
      describes 0x4101 feng_id u48: "which antenna"
      describes 0x4103 frequency u48: "first channel of this heap"
      describes 0x4300 feng_raw |i1[64, 32, 2, 2]: "channelised complex voltages"
    stats: heaps 1, evicted 0, flushed 0, packets 1, single-packet heaps 1
    window: max_heaps 4, substreams 1, in order
    "#);
    group.set("timestamp", 5_u8).unwrap();
    tx.send_heap(&group.heap().unwrap()).unwrap();
}

#[test]
fn the_wire_view_shows_packets() {
    let harness = Harness::builder().senders(2).packet_size(80).build().unwrap();
    let heap = Heap::builder(FLAVOUR).immediate(0x1600, 7).item(0x4300, vec![1; 40]).build().unwrap();
    harness.sender(1).send_heap(&heap).unwrap();
    harness.sender(0).send_heap(heap.repeat_pointers()).unwrap();
    harness.queue().add_packet("nonsense that is no packet").unwrap();
    assert_packets_snapshot!(harness.receiver(), @r"
    sender 1: heap 0x2 0..24 of 40, 80 bytes, 0x1600 I 7, 0x4300 A 0
    sender 1: heap 0x2 24..40 of 40, 56 bytes
    sender 0: heap 0x1 0..24 of 40, 80 bytes, 0x1600 I 7, 0x4300 A 0
    sender 0: heap 0x1 24..40 of 40, 72 bytes, 0x1600 I 7, 0x4300 A 0
    foreign bytes: 26 bytes, bad magic number 0x6e: a SPEAD packet starts with 0x53: 6e 6f 6e 73 65 6e 73 65 20 74 68 61 74 20 69 73
    ");
    let empty = Heap::builder(FLAVOUR).build().unwrap();
    assert_packets_snapshot!(
        Packetizer::new(&empty, 3, 1472).unwrap(),
        @"foreign bytes: heap 0x3 0..1 of 1, 49 bytes, 0x0000 A 0"
    );
}

/// The text of what a stream receives, line by line.
fn lines(value: Value) -> Vec<String> {
    let harness = Harness::builder().packet_size(65536).build().unwrap();
    let mut group = ItemGroup::new(FLAVOUR);
    group.add(Descriptor::new(0x1800, "xeng_raw", "").dtype("<i4").shape([512, 256, 2]), value).unwrap();
    harness.sender(0).send_heap(&group.heap().unwrap()).unwrap();
    harness.finish().to_string().lines().map(str::to_owned).collect()
}

#[test]
fn a_changed_sample_changes_at_most_three_lines() {
    let samples: Vec<i32> = (0..512 * 256 * 2).map(|at| at % 1000 - 500).collect();
    let before = lines(samples.clone().into());
    for at in [0, 500, 100_000, samples.len() - 1] {
        let mut samples = samples.clone();
        samples[at] = 12_345;
        let after = lines(samples.into());
        let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
        assert_eq!(before.len(), after.len());
        assert!((1..=3).contains(&changed), "{changed} lines changed with sample {at}");
    }
}

/// The README shows what tests have made, not what somebody remembers of it.
#[test]
fn the_readme_shows_them() {
    let root = env!("CARGO_MANIFEST_DIR");
    let readme = std::fs::read_to_string(format!("{root}/README.md")).unwrap();
    for name in ["contract__two_antennas", "snapshots__four_antennas", "snapshots__a_heap_is_evicted"] {
        let snapshot = std::fs::read_to_string(format!("{root}/snapshots/it__{name}@heaps.snap")).unwrap();
        let text = snapshot.splitn(3, "---\n").last().unwrap();
        assert!(readme.contains(&format!("```text\n{text}```\n")), "{name} is not in the README as it is:\n{text}");
    }
}
