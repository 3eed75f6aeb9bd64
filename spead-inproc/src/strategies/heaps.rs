use proptest::{collection::vec, prelude::*};

use crate::{heap::Heap, wire::Flavour};

/// An item: id, then a number for an immediate or bytes for an addressed one.
type ItemSpec = (u64, Result<u64, Vec<u8>>);

/// Any flavour.
pub fn flavours() -> impl Strategy<Value = Flavour> {
    (1_u32..=7).prop_map(|bytes| Flavour::new(8 * bytes).expect("a flavour"))
}

/// Heaps that this flavour can carry, of up to `items` items and `bytes` bytes each; ids from 0x10 on.
///
/// No two items are the same pointer, since a receiver cannot tell those apart: addressed items are not empty, immediates
/// have ids of their own.
pub fn heaps(flavour: Flavour, items: usize, bytes: usize) -> impl Strategy<Value = Heap> {
    let bytes = bytes.min(usize::try_from(flavour.max_immediate()).unwrap_or(usize::MAX) / (items + 1));
    let body = prop_oneof![any::<u64>().prop_map(Ok), vec(any::<u8>(), 1..=bytes.max(1)).prop_map(Err)];
    vec(body, 0..=items).prop_map(move |bodies| {
        let specs: Vec<ItemSpec> = bodies.into_iter().enumerate().map(|(at, body)| (0x10 + at as u64, body)).collect();
        build(flavour, &specs)
    })
}

fn build(flavour: Flavour, specs: &[ItemSpec]) -> Heap {
    let builder = specs.iter().fold(Heap::builder(flavour), |builder, (id, body)| match body {
        Ok(value) => builder.immediate(*id, value & flavour.max_immediate()),
        Err(bytes) => builder.item(*id, bytes.clone()),
    });
    builder.build().expect("a heap that fits")
}
