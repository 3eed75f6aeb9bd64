//! `#[spead_test]`: what users write, and how it goes with what they already use.

mod compose_above;
mod compose_below;
mod fixtures;
mod plain;
mod recipes;
mod returns;
mod reuse;
mod runtimes;
mod rustc;
mod sweeps;
mod ui;

use spead_inproc::{Flavour, Heap};

const FENG_RAW: u64 = 0x4300;

/// A heap of one packet: a number, and as many bytes.
fn heap(bytes: usize) -> Heap {
    let payload: Vec<u8> = (0..=255).cycle().take(bytes).collect();
    Heap::builder(Flavour::SPEAD_64_48)
        .immediate(0x1600, bytes as u64)
        .item(FENG_RAW, payload)
        .build()
        .expect("fits SPEAD-64-48")
}
