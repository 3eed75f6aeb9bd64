//! `streams/`: realistic recordings, and what spead2 makes of them.

use std::fs;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use spead_inproc::{
    Event, Flavour, GroupItem, InprocQueue, ItemGroup, RecvConfig, RecvStream, descriptor::ElementFormat, wire::Packets,
};
use support::vectors::{directory, flag, json, list, size};

#[test]
fn streams() {
    let expected = json("streams/expected.json");
    let streams = expected.as_object().unwrap();
    let mut runs = 0;
    for (name, stream) in streams {
        for run in list(&stream["runs"]) {
            check(name, run);
            runs += 1;
        }
    }
    println!("streams/expected.json: {runs} runs of {} streams", streams.len());
    assert!(runs > 0, "no stream ran");
}

fn check(name: &str, run: &Value) {
    let buffer = fs::read(directory().join("streams").join(format!("{name}.spead"))).unwrap();
    assert_eq!(run["bytes"], buffer.len(), "{name}");
    let config = RecvConfig {
        max_heaps: size(&run["config"]["max_heaps"], 4),
        substreams: size(&run["config"]["substreams"], 1),
        allow_out_of_order: flag(&run["config"]["allow_out_of_order"], false),
        ..RecvConfig::default()
    };
    let packets: Vec<_> = Packets::new(buffer).collect::<Result<_, _>>().unwrap();
    assert_eq!(run["packets"], packets.len(), "{name}");
    let queue = InprocQueue::new();
    packets.into_iter().for_each(|packet| queue.add_packet(packet).unwrap());
    queue.stop();
    let rx = RecvStream::new(config).unwrap();
    rx.add_inproc_reader(&queue).unwrap();

    let wanted = list(&run["heaps"]);
    let received: Vec<_> = std::iter::from_fn(|| rx.next_event().ok()).collect();
    assert_eq!(received.len(), wanted.len(), "{name}");
    let mut group = ItemGroup::new(Flavour::SPEAD_64_48);
    for (event, wanted) in received.iter().zip(wanted) {
        assert_eq!(wanted["cnt"], event.cnt().get(), "{name}");
        match event {
            Event::Heap(heap) => {
                assert_eq!(wanted["complete"], true, "{name} heap {}", event.cnt());
                group.update(heap).unwrap();
                let named: Map<_, _> = group.items().filter(|item| heap.item(item.id()).is_some()).map(named).collect();
                assert_eq!(wanted["items"], Value::from(named), "{name} heap {}", event.cnt());
            }
            Event::Incomplete(heap) => {
                let ranges: Vec<_> =
                    heap.payload_ranges().iter().map(|range| json!([range.start, range.end])).collect();
                assert_eq!(wanted["complete"], false, "{name} heap {}", event.cnt());
                assert_eq!(wanted["heap_length"], heap.heap_length().unwrap(), "{name} heap {}", event.cnt());
                assert_eq!(wanted["received_length"], heap.received_length(), "{name} heap {}", event.cnt());
                assert_eq!(wanted["payload_ranges"], Value::from(ranges), "{name} heap {}", event.cnt());
            }
            other => panic!("{other:?}"),
        }
    }
    for (statistic, value) in rx.stats().iter() {
        let wanted = &run["stats"][statistic];
        assert!(wanted.is_null() || *wanted == value, "{name}: {statistic} {value} instead of {wanted}");
    }
}

/// The name and value of an item in the words of the recording: scalars as they are, arrays by their digest and a little more.
fn named(item: &GroupItem) -> (String, Value) {
    let value = item.value().unwrap();
    let numbers = value.to_vec::<i64>().unwrap();
    if value.shape().is_empty() {
        return (item.name().to_owned(), json!(numbers[0]));
    }
    // Odd widths are 64-bit integers in the recording, the others keep theirs; all in little-endian order.
    let (width, dtype) = match item.descriptor().element() {
        ElementFormat::Format(_) => (8, "<i8".to_owned()),
        ElementFormat::Dtype { dtype, .. } => (dtype.bytes(), dtype.to_string().replace('>', "<").replace('\'', "")),
    };
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes().into_iter().take(width)).collect();
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let shown = json!({
        "shape": value.shape(), "dtype": dtype, "sha256_le": digest,
        "min": numbers.iter().min(), "max": numbers.iter().max(), "first": numbers[..4],
    });
    (item.name().to_owned(), shown)
}
