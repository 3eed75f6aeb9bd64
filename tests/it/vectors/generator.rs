//! `send.json`: item groups and what their generator makes of them, step by step.

use serde_json::{Value as Json, json};
use spead_inproc::{Heap, HeapGenerator, ItemGroup, Packetizer, descriptor::Selection};
use support::vectors::{list, run, size, text, to_hex};

use super::{ops, values};

#[test]
fn generator() {
    run("send.json", |case| case["kind"] == "generator", check);
}

fn check(case: &Json) -> Result<(), String> {
    let flavour = ops::flavour(case);
    let mut group = ItemGroup::new(flavour);
    let mut generator = HeapGenerator::new();
    if let Some(frequency) = case["descriptor_frequency"].as_u64() {
        generator = generator.descriptor_frequency(frequency);
    }
    let mut cnt = 0;
    for (at, step) in list(&case["steps"]).iter().enumerate() {
        let mut packets = |heap: Result<Heap, Error>| {
            cnt += 1;
            let heap = heap?;
            let packets = Packetizer::new(&heap, cnt, size(&case["max_packet_size"], 1472))?;
            let packets: Vec<_> = packets.iter().map(|packet| to_hex(&packet)).collect();
            Ok(json!({"cnt": cnt, "packets": packets}))
        };
        let result = match text(&step["op"]) {
            "get_heap" => packets(heap(&mut generator, &group, step)),
            "get_start" => packets(Ok(Heap::start_of_stream(flavour))),
            "get_end" => packets(Ok(Heap::end_of_stream(flavour))),
            _ => change(&mut group, step),
        };
        let result = result.unwrap_or_else(|_: Error| json!({"error": "ValueError"}));
        let wanted = &case["expect"]["results"][at];
        if result != *wanted {
            return Err(format!("step {at}: {result} instead of {wanted}"));
        }
    }
    Ok(())
}

type Error = Box<dyn std::error::Error>;

fn heap(generator: &mut HeapGenerator, group: &ItemGroup, step: &Json) -> Result<Heap, Error> {
    let selection = |word: &Json| match word.as_str() {
        None | Some("stale") => Ok(Selection::Stale),
        Some("all") => Ok(Selection::All),
        Some("none") => Ok(Selection::None),
        Some(other) => Err(format!("no selection {other}")),
    };
    Ok(generator.heap_with(group, selection(&step["descriptors"])?, selection(&step["data"])?)?)
}

fn change(group: &mut ItemGroup, step: &Json) -> Result<Json, Error> {
    let name = step["key"].as_str().unwrap_or_default();
    match text(&step["op"]) {
        "add_item" => return Ok(json!({"id": add(group, &step["item"])?})),
        "set_value" => {
            let value = values::value(step)?;
            group.set(name, value)?;
        }
        "bump_version" => group.resend(name)?,
        op => panic!("unknown op {op}"),
    }
    Ok(json!({"version": group[name].version()}))
}

/// Adds an item, under the next free id if it has none, and says which it was.
pub(super) fn add(group: &mut ItemGroup, item: &Json) -> Result<u64, Error> {
    let mut item = item.clone();
    if item["id"].is_null() {
        item["id"] = json!(group.free_id());
    }
    if item["description"].is_null() {
        item["description"] = json!("");
    }
    let value = if item["value"].is_null() { None } else { Some(values::value(&item)?) };
    Ok(group.add(values::descriptor(&item)?, value)?.id())
}
