//! Heaps from the `ops` of the vectors.

use serde_json::Value;
use spead_inproc::{BugCompat, Flavour, Heap, HeapError, descriptor::RawDescriptor};
use support::vectors::{flag, hex, list, number, text, unsigned};

use super::values;

pub(super) fn flavour(case: &Value) -> Flavour {
    let bits = u32::try_from(unsigned(&case["heap_address_bits"], 0)).unwrap();
    Flavour::new(bits).unwrap().with_bug_compat(bug_compat(case))
}

pub(super) fn bug_compat(case: &Value) -> BugCompat {
    BugCompat::from_bits(u32::try_from(unsigned(&case["bug_compat"], 0)).unwrap())
}

pub(super) fn heap(flavour: Flavour, ops: &Value) -> Result<Heap, Box<dyn std::error::Error>> {
    let mut builder = Heap::builder(flavour);
    for op in list(ops) {
        let id = || unsigned(&op["id"], 0);
        builder = match text(&op["op"]) {
            "raw" if flag(&op["allow_immediate"], false) => builder.auto(id(), hex(&op["hex"])),
            "raw" => builder.item(id(), hex(&op["hex"])),
            "immediate" => builder.immediate(id(), unsigned(&op["value"], 0)),
            "start" => builder.start_of_stream(),
            "end" => builder.end_of_stream(),
            "raw_descriptor" => builder.raw_descriptor(&descriptor(op)?)?,
            "item" => builder.value(&values::descriptor(op)?, &values::value(op)?)?,
            "descriptor" => builder.descriptor(&values::descriptor(op)?)?,
            "item+descriptor" => {
                let descriptor = values::descriptor(op)?;
                builder.descriptor(&descriptor)?.value(&descriptor, &values::value(op)?)?
            }
            op => panic!("unknown op {op}"),
        };
    }
    Ok(builder.build().map_err(|error: HeapError| error)?)
}

/// A negative id, which spead2 refuses at run time, is no `u64` to begin with.
pub(super) fn descriptor(op: &Value) -> Result<RawDescriptor, std::num::TryFromIntError> {
    let bytes = |key: &str| text(&op[key]).as_bytes().to_vec();
    Ok(RawDescriptor {
        id: number(&op["id"], 0).try_into()?,
        name: bytes("name"),
        description: bytes("description"),
        shape: list(&op["shape"]).iter().map(|size| (!size.is_null()).then(|| unsigned(size, 0))).collect(),
        format: list(&op["format"])
            .iter()
            .map(|field| (text(&field[0]).as_bytes()[0], unsigned(&field[1], 0)))
            .collect(),
        numpy_header: bytes("numpy_header"),
    })
}
