//! Fields of any width in a stream of bits, most significant bit first.
//!
//! Every function takes places that its caller has checked to lie within the data.

use super::walk::{Run, byte};

/// The widest field that a window of eight bytes holds wherever in a byte it starts.
pub(super) const MAX_WINDOW: u64 = 57;

/// A number of at most 64 bits.
pub(super) fn read(data: &[u8], at: u64, bits: u64) -> u64 {
    if bits <= MAX_WINDOW {
        return window(&data[byte(at)..]) << (at % 8) >> (64 - bits);
    }
    // The last eight bits, at most, stand apart.
    let low = bits - 32;
    read(data, at, 32) << low | read(data, at + 32, low)
}

/// The first eight bytes as a number; zeros stand in for those that are not there.
#[inline(always)]
fn window(data: &[u8]) -> u64 {
    match data.first_chunk() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            let mut bytes = [0; 8];
            bytes[..data.len()].copy_from_slice(data);
            u64::from_be_bytes(bytes)
        }
    }
}

/// A number of at most 128 bits.
pub(super) fn read_wide(data: &[u8], at: u64, bits: u64) -> u128 {
    if bits <= 64 {
        return u128::from(read(data, at, bits));
    }
    let low = bits - 64;
    u128::from(read(data, at, 64)) << low | u128::from(read(data, at + 64, low))
}

/// A number of any width, as bytes, most significant first; `signed` says what fills the first of them.
pub(super) fn read_bytes(data: &[u8], at: u64, bits: u64, signed: bool, out: &mut Vec<u8>) {
    let head = (bits - 1) % 8 + 1;
    let first = read(data, at, head);
    let first = if signed { sign_extended(first, head).to_be_bytes()[7] } else { first.to_be_bytes()[7] };
    out.push(first);
    out.extend((0..(bits - head) / 8).map(|byte| read(data, at + head + byte * 8, 8).to_be_bytes()[7]));
}

/// Whether any bit of a field is set.
pub(super) fn any(data: &[u8], at: u64, bits: u64) -> bool {
    (0..bits.div_ceil(64)).any(|word| read(data, at + word * 64, (bits - word * 64).min(64)) != 0)
}

/// The low bits as a two's complement number.
#[inline(always)]
pub(super) const fn sign_extended(value: u64, bits: u64) -> i64 {
    (value << (64 - bits)) as i64 >> (64 - bits)
}

/// Writes the low bits of a number of at most 64 bits, where the data is still zero.
pub(super) fn write(data: &mut [u8], at: u64, bits: u64, value: u64) {
    if bits > MAX_WINDOW {
        let low = bits - 32;
        write(data, at, 32, value >> low);
        return write(data, at + 32, low, value);
    }
    let word = (value << (64 - bits) >> (at % 8)).to_be_bytes();
    let to = &mut data[byte(at)..];
    match to.first_chunk_mut() {
        Some(to) => *to = (u64::from_be_bytes(*to) | u64::from_be_bytes(word)).to_be_bytes(),
        None => to.iter_mut().zip(word).for_each(|(to, byte)| *to |= byte),
    }
}

/// Writes the low bits of a number of at most 128 bits, where the data is still zero.
pub(super) fn write_wide(data: &mut [u8], at: u64, bits: u64, value: u128) {
    #[expect(clippy::cast_possible_truncation, reason = "the other half is written apart")]
    let (high, low) = ((value >> 64) as u64, value as u64);
    if bits <= 64 {
        return write(data, at, bits, low);
    }
    write(data, at, bits - 64, high);
    write(data, at + bits - 64, 64, low);
}

/// Writes the low bits of a number given as bytes, most significant first, where the data is still zero.
pub(super) fn write_bytes(data: &mut [u8], at: u64, bits: u64, value: &[u8]) {
    let mut end = at + bits;
    for byte in value.iter().rev() {
        let bits = (end - at).min(8);
        end -= bits;
        if bits > 0 {
            write(data, end, bits, u64::from(*byte));
        }
    }
}

/// Every field of a run as `make` makes it of the field's bits, which stand at the top of a word with others below.
///
/// For fields of at most [`MAX_WINDOW`] bits. Fields side by side come in groups of eight, which take as many bytes as a
/// field has bits.
pub(super) fn unpack<T: Copy>(data: &[u8], run: Run, bits: u64, out: &mut Vec<T>, make: impl Fn(u64) -> T + Copy) {
    let place = |at: u64| make(window(&data[byte(at)..]) << (at % 8));
    if run.stride != bits || !run.start.is_multiple_of(8) {
        return out.extend(run.places().map(place));
    }
    macro_rules! groups {
        ($($bits:literal)*) => {
            match bits {
                $($bits => groups::<$bits, T>(&data[run.bytes(bits).start..], run.count / 8, out, make),)*
                _ => 0,
            }
        };
    }
    let done = groups!(1 2 3 4 5 6 7 9 10 11 12 13 14 15 18 20 24);
    let rest = Run { start: run.start + done as u64 * bits, count: run.count - done, ..run };
    out.extend(rest.places().map(place));
}

/// As many groups of eight fields as can be read eight bytes at a time; says how many fields that were.
#[inline(never)]
fn groups<const BITS: usize, T: Copy>(data: &[u8], groups: usize, out: &mut Vec<T>, make: impl Fn(u64) -> T) -> usize {
    // The window of a group's last field reaches at most eight bytes past the group.
    let whole = groups.min((data.len() / BITS).saturating_sub(8usize.div_ceil(BITS)));
    out.extend((0..whole).flat_map(|group| {
        let from = &data[group * BITS..group * BITS + BITS + 8];
        std::array::from_fn::<T, 8, _>(|field| {
            let bit = field * BITS;
            make(window(&from[bit / 8..]) << (bit % 8))
        })
    }));
    whole * 8
}

/// Fields of at most [`MAX_WINDOW`] bits side by side, from the first bit of `out`, which is still zero where they end.
pub(super) fn pack<T: Copy>(values: &[T], bits: u64, widen: impl Fn(T) -> u64, out: &mut [u8]) {
    let (unused, mut to) = (64 - bits, out.iter_mut());
    // The bits that wait to be written stand at the top of a word.
    let (mut word, mut held) = (0u64, 0u64);
    for value in values {
        word |= widen(*value) << unused >> held;
        held += bits;
        while held >= 8 {
            if let Some(to) = to.next() {
                *to = word.to_be_bytes()[0];
            }
            word <<= 8;
            held -= 8;
        }
    }
    if held > 0
        && let Some(to) = to.next()
    {
        *to = word.to_be_bytes()[0];
    }
}
