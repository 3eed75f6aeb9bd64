//! How the suites run proptest, and the strategies they share with users.

use proptest::prelude::*;
pub use spead_inproc::strategies::{acts, fault_plans, flavours, heaps, item_groups, orders, packet_storms, selects};

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
