//! `items.json`: bytes → values under a descriptor, and values → bytes.

use std::cell::Cell;

use serde_json::Value as Json;
use spead_inproc::{
    Descriptor, Heap, Value,
    descriptor::{ElementFormat, FieldCode, Format},
    heap::Item,
};
use support::vectors::{flag, hex, list, run, text, to_hex, unsigned};

use super::{ops, values};

#[test]
fn decode() {
    let exceptions = Exceptions::default();
    run("items.json", |case| case["kind"] == "decode", |case| check_decode(case, &exceptions));
    println!(
        "items.json: departures named in spead.md 5.2: {} empty arrays in an immediate are read, {} keep the dimensions \
         after the first 0",
        exceptions.empty_immediates.get(),
        exceptions.dimensions_after_zero.get()
    );
}

#[test]
fn encode() {
    let negative = Cell::new(0);
    run("items.json", |case| case["kind"] == "encode", |case| check_encode(case, &negative));
    println!("items.json: {} cases against `corrected` (spead.md 5.3, negative odd scalars)", negative.get());
}

/// Where spead2 has quirks that we do not share (spead.md 5.2), recognised by what the item is.
#[derive(Default)]
struct Exceptions {
    empty_immediates: Cell<u32>,
    dimensions_after_zero: Cell<u32>,
}

fn check_decode(case: &Json, exceptions: &Exceptions) -> Result<(), String> {
    let flavour = ops::flavour(case);
    let raw = ops::descriptor(&case["descriptor"]).map_err(|error| error.to_string())?;
    let packet = raw.encode(flavour).map_err(|error| error.to_string())?;
    if to_hex(&packet) != text(&case["descriptor_hex"]) {
        return Err(format!("descriptor {}", to_hex(&packet)));
    }
    let builder = Heap::builder(flavour).item(0x05, packet);
    let bytes = hex(&case["item"]["hex"]);
    let immediate = flag(&case["item"]["immediate"], false);
    let builder = if immediate { builder.auto(raw.id, bytes) } else { builder.item(raw.id, bytes) };
    let heap = builder.build().map_err(|error| error.to_string())?;
    let item = heap.item(raw.id).ok_or("no item")?;

    let expect = &case["expect"];
    let descriptors = heap.raw_descriptors();
    let descriptor = match Descriptor::from_raw(&descriptors[0], flavour.bug_compat()) {
        Ok(descriptor) => descriptor,
        Err(_) if expect["stage"] == "descriptor" => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    if expect["stage"] == "descriptor" {
        return Err("should have been refused as a descriptor".into());
    }
    if descriptor.element_bits() != unsigned(&expect["itemsize_bits"], 0)
        || descriptor.allows_immediate() != flag(&expect["allow_immediate"], false)
        || is_fortran(&descriptor) != (expect["order"] == "F")
    {
        return Err(format!("{descriptor:?}"));
    }
    let value = descriptor.decode(item);
    if expect["error"].is_string() {
        return match value {
            Err(_) => Ok(()),
            Ok(value) if reads_empty_immediate(&descriptor, item, &value) => {
                count(&exceptions.empty_immediates);
                Ok(())
            }
            Ok(value) => Err(format!("{value:?} should have been refused")),
        };
    }
    if flag(&expect["absent"], false) {
        return if item.bytes().is_empty() { Ok(()) } else { Err("should be empty".into()) };
    }
    let value = value.map_err(|error| error.to_string())?;
    let (found, wanted) = (values::shown(&value), values::wanted(&expect["value"]));
    if found == wanted {
        return Ok(());
    }
    if keeps_dimensions_after_zero(&descriptor, &value, &wanted) {
        count(&exceptions.dimensions_after_zero);
        return Ok(());
    }
    Err(format!("{found} instead of {wanted}"))
}

fn count(counter: &Cell<u32>) {
    counter.set(counter.get() + 1);
}

fn is_fortran(descriptor: &Descriptor) -> bool {
    matches!(descriptor.element(), ElementFormat::Dtype { fortran_order: true, .. })
}

/// Quirk: what spead2 itself sends for an empty array of a fixed shape and a native type, it cannot read.
fn reads_empty_immediate(descriptor: &Descriptor, item: &Item, value: &Value) -> bool {
    item.is_immediate() && value.is_empty() && is_native(descriptor)
}

/// Quirk: in an empty array that is read bit by bit, spead2 loses the dimensions after the first 0.
fn keeps_dimensions_after_zero(descriptor: &Descriptor, value: &Value, wanted: &Json) -> bool {
    let wanted: Vec<_> = list(&wanted["shape"]).iter().map(|size| support::vectors::size(size, 0)).collect();
    value.is_empty() && !is_native(descriptor) && wanted.last() == Some(&0) && value.shape().starts_with(&wanted)
}

/// Whether numpy has types for all fields.
fn is_native(descriptor: &Descriptor) -> bool {
    let native = |format: &Format| {
        format.fields().iter().all(|field| match field.code {
            FieldCode::Unsigned | FieldCode::Signed => matches!(field.bits, 8 | 16 | 32 | 64),
            FieldCode::Bool => field.bits == 8,
            FieldCode::Float | FieldCode::Char => true,
        })
    };
    match descriptor.element() {
        ElementFormat::Format(format) => native(format),
        ElementFormat::Dtype { .. } => true,
    }
}

fn check_encode(case: &Json, corrected: &Cell<u32>) -> Result<(), String> {
    let expect = &case["expect"];
    let encoded = values::descriptor(&case["item"]).and_then(|descriptor| {
        let value = values::value(&case["item"])?;
        let raw = descriptor.to_raw(ops::bug_compat(case));
        Ok((descriptor.encode(&value)?, descriptor.allows_immediate(), String::from_utf8(raw.numpy_header)?))
    });
    let expect = if expect["corrected"].is_object() {
        count(corrected);
        &expect["corrected"]
    } else {
        expect
    };
    if expect["error"].is_string() {
        return match encoded {
            Err(_) => Ok(()),
            Ok((bytes, ..)) => Err(format!("{} should have been refused", to_hex(&bytes))),
        };
    }
    let (bytes, allows_immediate, header) = encoded.map_err(|error| error.to_string())?;
    if to_hex(&bytes) != text(&expect["hex"]) {
        return Err(format!("{} instead of {}", to_hex(&bytes), expect["hex"]));
    }
    if allows_immediate != flag(&expect["allow_immediate"], false) {
        return Err(format!("allows_immediate is {allows_immediate}"));
    }
    match expect["numpy_header"].as_str() {
        Some(wanted) if wanted != header => Err(format!("{header} instead of {wanted}")),
        _ => Ok(()),
    }
}
