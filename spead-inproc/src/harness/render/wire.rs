//! The wire view: one line a packet.

use std::fmt::Write;

use bytes::Bytes;

use super::hex;
use crate::{
    heap::Origin,
    wire::{ItemPointer, Packet},
};

/// A line for each packet: who sent it, its heap, which bytes of it, and its item pointers: `I` immediate, `A` addressed.
pub(in crate::harness) fn packets<'p>(packets: impl IntoIterator<Item = (Origin, &'p Bytes)>) -> String {
    packets.into_iter().fold(String::new(), |mut text, (origin, bytes)| {
        writeln!(text, "{origin}: {}", packet(bytes)).expect("writing to a string");
        text
    })
}

fn packet(bytes: &Bytes) -> String {
    let packet = match Packet::parse(bytes) {
        Ok(packet) => packet,
        Err(error) => {
            let start = &bytes[..bytes.len().min(SHOWN)];
            return format!("{} bytes, {error}: {}", bytes.len(), hex(start));
        }
    };
    let (from, length) = (packet.payload_offset(), packet.payload_length());
    let mut text = format!("heap {} {from}..{}", packet.cnt(), from.saturating_add(length));
    if let Some(heap_length) = packet.heap_length() {
        write!(text, " of {heap_length}").expect("writing to a string");
    }
    write!(text, ", {} bytes", bytes.len()).expect("writing to a string");
    for pointer in packet.item_pointers() {
        match pointer {
            ItemPointer::Immediate { id, .. } if matches!(id.get(), 1..=4) => Ok(()),
            ItemPointer::Immediate { id, value } => write!(text, ", {id} I {value}"),
            ItemPointer::Address { id, address } => write!(text, ", {id} A {address}"),
        }
        .expect("writing to a string");
    }
    text
}

/// Bytes that are shown of what is no packet.
const SHOWN: usize = 16;
