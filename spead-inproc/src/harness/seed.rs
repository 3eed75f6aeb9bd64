//! Chance from seeds: the same on every machine and in every order of asking.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A number that nobody can guess from its neighbours.
pub(super) fn number(seed: u64, place: &[u64]) -> u64 {
    let bytes: Vec<u8> = place.iter().flat_map(|part| part.to_le_bytes()).collect();
    xxh3_64_with_seed(&bytes, seed)
}

/// A number from 0 to below `below`.
pub(super) fn below(seed: u64, place: &[u64], below: usize) -> usize {
    usize::try_from(number(seed, place) % (below.max(1) as u64)).unwrap_or(0)
}

/// A number from 0 to below 1.
#[expect(clippy::cast_precision_loss, reason = "32 bits fit the mantissa")]
pub(super) fn fraction(seed: u64, place: &[u64]) -> f64 {
    (number(seed, place) >> 32) as f64 / 4_294_967_296.0
}
