//! `groups.json`: series of heaps and local changes → the state of an item group after each.

use bytes::Bytes;
use serde_json::Value as Json;
use spead_inproc::{
    Flavour, GroupItem, ItemGroup, ReceivedHeap, RecvConfig,
    descriptor::{Dtype, ElementFormat},
    heap::Origin,
    recv::{Event, Reassembler},
    wire::Packet,
};
use support::vectors::{hex, list, run, text, unsigned};

use super::{generator, ops, values};

#[test]
fn groups() {
    run("groups.json", |_| true, check);
}

fn check(case: &Json) -> Result<(), String> {
    let mut group = ItemGroup::new(Flavour::default());
    for (at, (step, expect)) in list(&case["steps"]).iter().zip(list(&case["expect"]["steps"])).enumerate() {
        let result = apply(case, &mut group, step);
        match (result, expect["error"].is_string()) {
            (Ok(updated), false) => {
                let wanted = list(&expect["updated"]);
                if updated.iter().map(String::as_str).ne(wanted.iter().map(text)) {
                    return Err(format!("step {at}: updated {updated:?} instead of {wanted:?}"));
                }
            }
            (Err(_), true) => {}
            (Ok(_), true) => return Err(format!("step {at} should have been refused")),
            (Err(error), false) => return Err(format!("step {at}: {error}")),
        }
        let state = list(&expect["state"]);
        if group.len() != state.len() {
            return Err(format!("step {at}: {} items instead of {}", group.len(), state.len()));
        }
        for (item, wanted) in group.items().zip(state) {
            compare(item, wanted).map_err(|why| format!("step {at}, {}: {why}", item.name()))?;
        }
    }
    Ok(())
}

/// The names that a heap updates; none for local changes.
fn apply(case: &Json, group: &mut ItemGroup, step: &Json) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    if step["add_item"].is_object() {
        generator::add(group, &step["add_item"])?;
    } else if step["set_value"].is_object() {
        let value = values::value(&step["set_value"])?;
        group.set(text(&step["set_value"]["key"]), value)?;
    } else {
        return Ok(group.update(&received(case, step))?.to_vec());
    }
    Ok(Vec::new())
}

fn received(case: &Json, step: &Json) -> ReceivedHeap {
    let config = RecvConfig { max_heaps: 64, bug_compat: ops::bug_compat(case), ..RecvConfig::default() };
    let mut reassembler = Reassembler::new(config).unwrap();
    for packet in list(&step["packets"]) {
        let packet = Bytes::from(hex(packet));
        reassembler.push(&Packet::parse(&packet).unwrap(), Origin::FOREIGN);
    }
    reassembler.flush();
    reassembler.pop().and_then(Event::into_heap).expect("one heap a step")
}

fn compare(item: &GroupItem, wanted: &Json) -> Result<(), String> {
    let descriptor = item.descriptor();
    let shape: Vec<_> = list(&wanted["shape"]).iter().map(Json::as_u64).collect();
    let element = match descriptor.element() {
        ElementFormat::Format(format) => {
            let fields: Vec<_> = list(&wanted["format"])
                .iter()
                .map(|field| format!("{}{}", text(&field[0]), unsigned(&field[1], 0)))
                .collect();
            format.to_string() == fields.join(" ") && wanted["order"] == "C"
        }
        ElementFormat::Dtype { dtype, fortran_order } => {
            !wanted["dtype"].is_null()
                && values::dtype(&wanted["dtype"]).parse::<Dtype>().is_ok_and(|wanted| wanted == *dtype)
                && *fortran_order == (wanted["order"] == "F")
        }
    };
    let same = item.id() == unsigned(&wanted["id"], 0)
        && item.name() == text(&wanted["name"])
        && descriptor.description() == text(&wanted["description"])
        && item.shape().dimensions().iter().map(|size| size.map(|size| size as u64)).eq(shape)
        && element;
    if !same {
        return Err(format!("{descriptor:?} instead of {wanted}"));
    }
    if item.version() != unsigned(&wanted["version"], 0) {
        return Err(format!("version {} instead of {}", item.version(), wanted["version"]));
    }
    match item.value() {
        None if wanted["value"].is_null() => Ok(()),
        Some(value) if !wanted["value"].is_null() => {
            let (found, wanted) = (values::shown(value), values::wanted(&wanted["value"]));
            if found == wanted { Ok(()) } else { Err(format!("{found} instead of {wanted}")) }
        }
        value => Err(format!("{value:?} instead of {}", wanted["value"])),
    }
}
