//! Order, faults and taps under the test's control.

mod descriptors;
mod groups;
mod laws;
mod order;
mod plan;
mod scenarios;
mod sent;
mod sweep;
mod taps;
mod threads;

use spead_inproc::{Flavour, Harness, Heap, harness::WireView};

/// A heap of some packets of 16 bytes of payload each, and its sender's mark.
fn heap(sender: usize, time: u64, packets: usize) -> Heap {
    let mark = u64::try_from(sender).unwrap();
    let data = vec![u8::try_from(sender).unwrap(); 16 * packets];
    Heap::builder(Flavour::SPEAD_64_48)
        .immediate(0x1600, time)
        .immediate(0x4101, mark)
        .item(0x4300, data)
        .build()
        .unwrap()
}

/// Bytes of a packet with three item pointers and 16 bytes of payload.
const PACKET: usize = 8 + 8 * 7 + 16;

/// Sender and place in the heap of every packet that the receiver reads: `0.0 1.0 …`.
fn arrivals(harness: &Harness) -> String {
    let place = |line: &str| {
        let (sender, rest) = line.split_once(": heap ")?;
        let (_, rest) = rest.split_once(' ')?;
        let (offset, _) = rest.split_once("..")?;
        let offset: usize = offset.parse().ok()?;
        Some(format!("{}.{}", sender.strip_prefix("sender ")?, offset / 16))
    };
    let text = harness.receiver().wire_view();
    text.lines().map(|line| place(line).unwrap_or_else(|| "?".to_owned())).collect::<Vec<_>>().join(" ")
}
