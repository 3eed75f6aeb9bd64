//! Random heaps and ways to send them, for laws.

use proptest::{collection::vec, prelude::*};
use spead_inproc::{Flavour, Heap};

/// An item: id, then a number for an immediate or bytes for an addressed one.
type ItemSpec = (u64, Result<u64, Vec<u8>>);

/// Any flavour.
pub fn flavours() -> impl Strategy<Value = Flavour> {
    (1_u32..=7).prop_map(|bytes| Flavour::new(8 * bytes).expect("a flavour"))
}

/// Heaps that every flavour can carry, of up to `items` items and `bytes` bytes each.
///
/// No two items are the same pointer, since a receiver cannot tell those apart: addressed items are not empty, immediates
/// have ids of their own.
pub fn heaps(flavour: Flavour, items: usize, bytes: usize) -> impl Strategy<Value = Heap> {
    let bytes = bytes.min(usize::try_from(flavour.max_immediate()).unwrap_or(usize::MAX) / (items + 1));
    let body = prop_oneof![any::<u64>().prop_map(Ok), vec(any::<u8>(), 1..=bytes.max(1)).prop_map(Err),];
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

/// Fixed seed, so that every run of the suite is the same; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` change it.
#[must_use]
pub fn config(cases: u32) -> ProptestConfig {
    let seed = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x5350_4541);
    ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases),
        rng_seed: proptest::test_runner::RngSeed::Fixed(seed),
        ..ProptestConfig::default()
    }
}
