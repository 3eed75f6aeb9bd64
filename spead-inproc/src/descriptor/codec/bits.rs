//! Fields of any width in a stream of bits, most significant bit first.
//!
//! Every function takes places that its caller has checked to lie within the data.

use std::any::Any;

use super::{
    simd,
    walk::{Run, byte},
};
use crate::descriptor::value::Element;

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

/// One field of at most 128 bits; of a truth value, of any width.
pub(super) fn field<T: Element>(data: &[u8], at: u64, bits: u64) -> T {
    match bits {
        0..=64 => T::from_top(read(data, at, bits) << (64 - bits), bits),
        65..=128 => T::from_wide(read_wide(data, at, bits), bits),
        _ => T::from_top(u64::from(any(data, at, bits)) << 63, 1),
    }
}

/// Every field of a run. Those side by side come in groups of eight, which take as many bytes as a field has bits.
pub(super) fn unpack<T: Element>(data: &[u8], run: Run, bits: u64, out: &mut Vec<T>) {
    let side_by_side = run.stride == bits && run.start.is_multiple_of(8);
    let done = if side_by_side { simd::unpack(&data[byte(run.start)..], run.count, bits, out) } else { 0 };
    let rest = run.after(done);
    let done = if side_by_side { unpack_groups(&data[byte(rest.start)..], rest.count / 8, bits, out) } else { 0 };
    let rest = rest.after(done);
    if bits <= MAX_WINDOW {
        out.extend(rest.places().map(|at| T::from_top(window(&data[byte(at)..]) << (at % 8), bits)));
    } else {
        out.extend(rest.places().map(|at| field::<T>(data, at, bits)));
    }
}

/// As many groups of eight fields as there is a fast way to; says how many fields that were.
///
/// `out` is a vector of numbers. Each width is compiled for the types that it becomes and no others: this is in every user's build.
fn unpack_groups(data: &[u8], groups: usize, bits: u64, out: &mut dyn Any) -> usize {
    macro_rules! widths {
        ($($bits:literal $unsigned:ty, $signed:ty;)*) => {
            match bits {
                $($bits => {
                    if let Some(out) = out.downcast_mut::<Vec<$unsigned>>() {
                        unpack_groups_of::<$bits, _>(data, groups, out)
                    } else if let Some(out) = out.downcast_mut::<Vec<$signed>>() {
                        unpack_groups_of::<$bits, _>(data, groups, out)
                    } else {
                        0
                    }
                })*
                _ => 0,
            }
        };
    }
    if let (1, Some(out)) = (bits, out.downcast_mut::<Vec<bool>>()) {
        return unpack_groups_of::<1, _>(data, groups, out);
    }
    widths! {
        1 u8, i8;
        2 u8, i8;
        3 u8, i8;
        4 u8, i8;
        5 u8, i8;
        6 u8, i8;
        7 u8, i8;
        9 u16, i16;
        10 u16, i16;
        11 u16, i16;
        12 u16, i16;
        13 u16, i16;
        14 u16, i16;
        15 u16, i16;
        18 u32, i32;
        20 u32, i32;
        24 u32, i32;
    }
}

/// As many groups as can be read eight bytes at a time; says how many fields that were.
#[inline(never)]
fn unpack_groups_of<const BITS: usize, T: Element>(data: &[u8], groups: usize, out: &mut Vec<T>) -> usize {
    // The window of a group's last field reaches at most eight bytes past the group.
    let whole = groups.min((data.len() / BITS).saturating_sub(8usize.div_ceil(BITS)));
    let start = out.len();
    out.resize(start + whole * 8, T::from_top(0, 1));
    for (group, to) in out[start..].as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let from = &data[group * BITS..group * BITS + BITS + 8];
        for (field, to) in to.iter_mut().enumerate() {
            let bit = field * BITS;
            *to = T::from_top(window(&from[bit / 8..]) << (bit % 8), BITS as u64);
        }
    }
    whole * 8
}

/// Fields of at most 64 bits side by side, from the first bit of `out`, which is still zero where they end.
pub(super) fn pack<T: Element>(values: &[T], bits: u64, widen: impl Fn(T) -> u64, out: &mut [u8]) {
    /// Whole groups of eight.
    const BLOCK: usize = 128;
    let unused = 64 - bits;
    let mut words = [0; BLOCK];
    for (values, at) in values.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
        let words = &mut words[..values.len()];
        words.iter_mut().zip(values).for_each(|(word, value)| *word = widen(*value) << unused >> unused);
        pack_words(words, bits, &mut out[byte(at * bits)..]);
    }
}

/// The low bits of each word, of which no others are set.
fn pack_words(words: &[u64], bits: u64, out: &mut [u8]) {
    macro_rules! groups {
        ($($bits:literal)*) => {
            match bits {
                $($bits => pack_groups::<$bits>(words, out),)*
                _ => 0,
            }
        };
    }
    let done = groups!(1 2 3 4 5 6 7 9 10 11 12 13 14 15);
    for (word, at) in words[done..].iter().zip((done as u64..).map(|at| at * bits)) {
        write(out, at, bits, *word);
    }
}

/// As many groups of eight fields as there are; says how many fields that were.
#[inline(never)]
fn pack_groups<const BITS: usize>(words: &[u64], out: &mut [u8]) -> usize {
    let (groups, _) = words.as_chunks::<8>();
    for (group, to) in groups.iter().zip(out.chunks_exact_mut(BITS)) {
        let half = |at: usize| group[at..at + 4].iter().fold(0, |all, word| all << BITS | word);
        let word = u128::from(half(0)) << (4 * BITS) | u128::from(half(4));
        to.copy_from_slice(&(word << (128 - 8 * BITS)).to_be_bytes()[..BITS]);
    }
    groups.len() * 8
}
