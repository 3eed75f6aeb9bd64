//! Item groups: what they say of heaps that they can and cannot take over.

use bytes::Bytes;
use spead_inproc::{
    BugCompat, Descriptor, Flavour, Heap, ItemGroup, Value,
    descriptor::UpdateProblem,
    heap::Origin,
    recv::{Event, Reassembler},
    wire::Packet,
};
use support::vectors::hex;

const FLAVOUR: Flavour = Flavour::SPEAD_64_48;

fn group() -> ItemGroup {
    let mut group = ItemGroup::new(FLAVOUR);
    group.add(Descriptor::new(0x1800, "xeng_raw", "visibilities").dtype("<i4").shape([4, 2]), None).unwrap();
    group.add(Descriptor::new(0x1600, "timestamp", "ADC samples").format("u48"), None).unwrap();
    group.add(Descriptor::new(0x4103, "frequency", "first channel").format("u48"), None).unwrap();
    group
}

#[test]
fn an_update_that_fails_says_what_was_applied() {
    let mut group = group();
    let heap = Heap::builder(FLAVOUR)
        .immediate(0x1600, 7)
        .item(0x4103, vec![0, 0, 0, 0, 0, 9])
        .item(0x1800, vec![0; 31])
        .immediate(0x1234, 0)
        .build()
        .unwrap();
    let error = group.update(&heap).unwrap_err();
    assert_eq!(
        error.to_string(),
        "item 0x1800 \"xeng_raw\": shape (4, 2) of 32-bit elements needs 32 bytes, but the item has 31 bytes (applied before: new \
         values for frequency; described nothing)"
    );
    assert!(matches!(*error.problem, UpdateProblem::Value(_)));
    assert_eq!(error.applied, ["frequency"]);
    assert_eq!(group["frequency"].value().unwrap().as_u64(), Some(9));
    assert!(group["timestamp"].value().is_none());
    // The rest of the heap can still be read.
    let timestamp = group["timestamp"].descriptor().decode(heap.item(0x1600).unwrap()).unwrap();
    assert_eq!(timestamp.as_u64(), Some(7));
}

#[test]
fn a_descriptor_that_cannot_be_read_stops_the_update() {
    let mut group = group();
    let raw = Descriptor::new(0x2000, "good", "").format("u8").build().unwrap().to_raw(FLAVOUR.bug_compat());
    let bad = spead_inproc::descriptor::RawDescriptor {
        id: 0x2001,
        name: b"bad".to_vec(),
        format: vec![(b'f', 24)],
        ..raw.clone()
    };
    let heap = Heap::builder(FLAVOUR).immediate(0x1600, 7).raw_descriptor(&raw).unwrap();
    let heap = heap.raw_descriptor(&bad).unwrap().build().unwrap();
    let error = group.update(&heap).unwrap_err();
    assert_eq!(
        error.to_string(),
        "descriptor of item 0x2001 \"bad\": no field f24: there are u, i and b of any width, f32, f64 and c8 (applied before: new \
         values for nothing; described good)"
    );
    assert!(group.item("good").is_some());
    assert!(group["timestamp"].value().is_none());
}

#[test]
fn unknown_ids_are_reported() {
    let heap =
        Heap::builder(FLAVOUR).immediate(0x1600, 7).immediate(0x1234, 1).item(0x1235, vec![1]).item(0x1235, vec![1]);
    let updated = group().update(&heap.end_of_stream().build().unwrap()).unwrap();
    assert_eq!(updated, ["timestamp"]);
    assert_eq!(updated.unknown(), [0x1235, 0x1234]);
    assert_eq!(updated.to_string(), "new values for timestamp; described nothing; nobody described 0x1235, 0x1234");
}

/// The order is that of the addresses, though the sender wrote the pointers the other way round.
#[test]
fn values_are_applied_by_address() {
    let mut group = group();
    group.add(Descriptor::new(0x1801, "flags", "").format("u8").shape([None]), None).unwrap();
    let packet = Bytes::from(hex(&serde_json::Value::from(concat!(
        "5304020600000007",
        "8001000000000001",
        "8002000000000004",
        "8003000000000000",
        "8004000000000004",
        "1801000000000002", // flags: the last two bytes
        "1801000000000000", // flags again: the first two bytes
        "9600000000000001", // timestamp
        "01020304"
    ))));
    let packet = {
        // 0x1600 in 15 bits behind the mode bit.
        let mut bytes = packet.to_vec();
        bytes[56..58].copy_from_slice(&(0x8000 | 0x1600_u16).to_be_bytes());
        Bytes::from(bytes)
    };
    let mut reassembler = Reassembler::new(Default::default()).unwrap();
    reassembler.push(&Packet::parse(&packet).unwrap(), Origin::FOREIGN);
    let heap = reassembler.pop().and_then(Event::into_heap).unwrap();
    assert_eq!(heap.items()[0].bytes(), [3, 4]);
    assert_eq!(group.update(&heap).unwrap(), ["flags", "timestamp"]);
    assert_eq!(group["flags"].value().unwrap().as_slice::<u8>().unwrap(), [3, 4]);
    assert_eq!(group["flags"].version(), 5);
}

#[test]
fn errors_name_the_item() {
    let mut group = group();
    assert_eq!(group.set("xeng", 5u8).unwrap_err().to_string(), "no item \"xeng\" in the group: add it first");
    group.set("xeng_raw", [[1i32; 3]; 4]).unwrap();
    assert_eq!(
        group.heap().unwrap_err().to_string(),
        "item 0x1800 \"xeng_raw\": needs shape (4, 2), but the value has (4, 3)"
    );
    group.set("xeng_raw", vec![1i32; 7]).unwrap();
    assert_eq!(
        group.heap().unwrap_err().to_string(),
        "item 0x1800 \"xeng_raw\": needs as many elements as shape (4, 2) has, but the value has 7"
    );
    group.set("xeng_raw", "visible").unwrap();
    assert!(group.heap().unwrap_err().to_string().starts_with("item 0x1800 \"xeng_raw\": needs shape"));
    let error = group.add(Descriptor::new(0x2000, "half", ""), Value::from(1u8)).unwrap_err();
    assert_eq!(error.to_string(), "descriptor of item 0x2000 \"half\": it needs `.format(..)` or `.dtype(..)`");
}

/// Flavours may have bits that mean nothing, and nobody reads descriptors the worse for it.
#[test]
fn descriptors_arrive_under_old_mistakes_that_nobody_knows() {
    for bits in [0x8, 0xf, u32::MAX] {
        let flavour = FLAVOUR.with_bug_compat(BugCompat::from_bits(bits));
        let mut sent = ItemGroup::new(flavour);
        sent.add(Descriptor::new(0x1800, "gains", "").dtype(">i4").shape([2]), Value::from(vec![1, 2])).unwrap();
        let mut received = ItemGroup::new(flavour);
        assert_eq!(received.update(&sent.heap().unwrap()).unwrap(), ["gains"], "{bits:#x}");
        assert_eq!(received["gains"].value().unwrap().to_vec(), Some(vec![1, 2]), "{bits:#x}");
    }
}
