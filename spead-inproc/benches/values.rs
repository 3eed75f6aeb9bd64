//! Values out of items and into them, each as a multiple of the time that a plain memcpy of the same number of bytes takes.
//!
//! `cargo bench -p spead-inproc --bench values`. Each number is the best of many rounds; memcpy and conversion take turns within a round, so that
//! they see the same machine.

use std::{cell::RefCell, hint::black_box, time::Instant};

use spead_inproc::{Descriptor, Flavour, Heap, Value, descriptor::Element, heap::Item};

const ROUNDS: usize = 400;

fn main() {
    println!("{:<44} {:>10} {:>10} {:>7}", "", "memcpy", "here", "ratio");
    let samples: Vec<i16> = (-512..512).cycle().step_by(37).take(4096).collect();
    unpack::<i16>("10-bit samples, 4096", "i10", Value::from(samples.clone()), 1000);
    unpack::<i16>("12-bit samples, 4096", "i12", Value::from(samples.clone()), 1000);
    let nibbles: Vec<i8> = (-8..8).cycle().take(16384).collect();
    unpack::<i8>("4-bit samples, 16384", "i4", Value::from(nibbles), 500);
    pack("10-bit samples, 4096", "i10", Value::from(samples.clone()), 1000);
    to_floats("i16, 4096", &samples, 1000);

    let visibilities: Vec<i32> = (0..1 << 20).collect();
    convert("big-endian i32, 4 MiB", ">i4", &visibilities);
    convert("little-endian i32, 4 MiB", "<i4", &visibilities);
}

/// Fields of a few bits, in a heap's payload, to numbers.
fn unpack<T: Element>(what: &str, format: &str, value: Value, repeat: u32) {
    let descriptor = Descriptor::new(0x3300, "samples", "").format(format).shape([value.len()]).build().unwrap();
    let heap = item(&descriptor, &value);
    let decoded = descriptor.decode(first(&heap)).unwrap();
    assert_eq!(decoded.to_vec::<i64>(), value.to_vec());
    let bytes = size(&decoded);
    let (from, mut to) = (vec![1u8; bytes], vec![0u8; bytes]);
    compare(
        &format!("unpack {what}, to a value"),
        repeat,
        || black_box(&mut to[..]).copy_from_slice(black_box(&from)),
        || drop(black_box(descriptor.decode(black_box(first(&heap))))),
    );
    let mut out: Vec<T> = Vec::new();
    compare(
        &format!("unpack {what}, into a buffer"),
        repeat,
        || black_box(&mut to[..]).copy_from_slice(black_box(&from)),
        || {
            out.clear();
            descriptor.decode_into(black_box(first(&heap)), black_box(&mut out)).unwrap();
        },
    );
}

/// Numbers to fields of a few bits.
fn pack(what: &str, format: &str, value: Value, repeat: u32) {
    let descriptor = Descriptor::new(0x3300, "samples", "").format(format).shape([value.len()]).build().unwrap();
    let bytes = size(&value);
    let (from, mut to) = (vec![1u8; bytes], vec![0u8; bytes]);
    compare(
        &format!("pack {what}"),
        repeat,
        || black_box(&mut to[..]).copy_from_slice(black_box(&from)),
        || drop(black_box(descriptor.encode(black_box(&value)))),
    );
}

/// Integers to floats.
fn to_floats(what: &str, numbers: &[i16], repeat: u32) {
    let value = Value::from(numbers);
    let (from, mut to) = (vec![1u8; numbers.len() * 8], vec![0u8; numbers.len() * 8]);
    compare(
        &format!("{what}, to a vector of f64"),
        repeat,
        || black_box(&mut to[..]).copy_from_slice(black_box(&from)),
        || drop(black_box(black_box(&value).to_vec::<f64>())),
    );
}

/// Numbers of whole bytes to this machine's, into memory of the caller's and into memory of their own.
fn convert(what: &str, dtype: &str, numbers: &[i32]) {
    let descriptor = Descriptor::new(0x1800, "xeng_raw", "").dtype(dtype).shape([numbers.len()]).build().unwrap();
    let heap = item(&descriptor, &Value::from(numbers));
    assert_eq!(descriptor.decode(first(&heap)).unwrap().as_slice::<i32>(), Some(numbers));
    // Both write to the same memory.
    let out = RefCell::new(Vec::with_capacity(numbers.len()));
    compare(
        &format!("convert {what}, into a buffer"),
        1,
        || {
            let mut out = out.borrow_mut();
            out.clear();
            out.extend_from_slice(black_box(numbers));
        },
        || {
            let mut out = out.borrow_mut();
            out.clear();
            descriptor.decode_into(black_box(first(&heap)), &mut *out).unwrap();
        },
    );
    compare(
        &format!("convert {what}, to a value"),
        1,
        || drop(black_box(black_box(numbers).to_vec())),
        || drop(black_box(descriptor.decode(black_box(first(&heap))))),
    );
}

fn item(descriptor: &Descriptor, value: &Value) -> Heap {
    Heap::builder(Flavour::SPEAD_64_48).value(descriptor, value).unwrap().build().unwrap()
}

fn first(heap: &Heap) -> &Item {
    &heap.items()[0]
}

fn size(value: &Value) -> usize {
    let bytes = |slice: Option<usize>| slice.unwrap_or(0);
    bytes(value.as_slice::<i8>().map(size_of_val)) + bytes(value.as_slice::<i16>().map(size_of_val))
}

fn compare(what: &str, repeat: u32, mut memcpy: impl FnMut(), mut ours: impl FnMut()) {
    let (mut plain, mut here) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        plain = plain.min(time(repeat, &mut memcpy));
        here = here.min(time(repeat, &mut ours));
    }
    println!("{what:<44} {:>7.2} µs {:>7.2} µs {:>6.2}×", plain * 1e6, here * 1e6, here / plain);
}

fn time(repeat: u32, work: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..repeat).for_each(|_| work());
    start.elapsed().as_secs_f64() / f64::from(repeat)
}
