use proptest::{collection::vec, prelude::*};

use crate::{
    descriptor::{Descriptor, ItemGroup, Value},
    wire::Flavour,
};

/// What an item holds: its numpy type and its values.
type Content = (&'static str, Value);

/// Item groups of one to `items` items with names `item_0`, …, ids from 0x1000 on, and up to `values` values each: integers
/// and floating point numbers of several widths, in both byte orders. Their [`heap`](ItemGroup::heap) has all of it.
pub fn item_groups(flavour: Flavour, items: usize, values: usize) -> impl Strategy<Value = ItemGroup> {
    vec(contents(values.max(1)), 1..=items.max(1)).prop_map(move |contents| {
        let mut group = ItemGroup::new(flavour);
        for (at, (dtype, value)) in contents.into_iter().enumerate() {
            let name = format!("item_{at}");
            let descriptor = Descriptor::new(0x1000 + at as u64, name, "of a strategy").dtype(dtype);
            group.add(descriptor.shape([value.len()]), value).expect("type and shape are those of the value");
        }
        group
    })
}

fn contents(most: usize) -> impl Strategy<Value = Content> {
    prop_oneof![
        vec(any::<u8>(), 1..=most).prop_map(|values| ("u1", Value::from(values))),
        vec(any::<i16>(), 1..=most).prop_map(|values| (">i2", Value::from(values))),
        vec(any::<i32>(), 1..=most).prop_map(|values| ("<i4", Value::from(values))),
        vec(any::<u64>(), 1..=most).prop_map(|values| ("<u8", Value::from(values))),
        vec(any::<f32>(), 1..=most).prop_map(|values| ("<f4", Value::from(values))),
        vec(any::<f64>(), 1..=most).prop_map(|values| (">f8", Value::from(values))),
    ]
}
