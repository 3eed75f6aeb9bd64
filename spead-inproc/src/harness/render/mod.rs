//! The text of a report: one fact a line, the same on every run and machine.

mod known;
pub(super) mod value;
pub(super) mod wire;

use std::{
    fmt::{self, Formatter, Write},
    ops::Range,
};

pub(super) use known::Known;

use super::{Descriptors, ReceiverReport, Report};
use crate::{
    descriptor::Descriptor,
    heap::{Heap, Item},
    recv::{Count, Ending, Event, Fate, IncompleteHeap, Ledger, ReceivedHeap, Stats},
    wire::{Flavour, ItemId},
};

/// Bytes up to which a value without a descriptor is shown in full.
const SHORT: usize = 16;
/// Bytes shown of either end of a longer one.
const ENDS: usize = 4;

pub(super) fn report(f: &mut Formatter<'_>, report: &Report) -> fmt::Result {
    let many = report.receivers.len() > 1;
    for (index, each) in report.receivers.iter().enumerate() {
        if many || each.addresses.is_some() {
            writeln!(f, "{}", each.called(index))?;
        }
        receiver(f, each)?;
    }
    f.write_str(&descriptors(&report.descriptors))?;
    f.write_str(&super::link::lines(&report.done))?;
    for (origin, packets) in &report.left {
        writeln!(f, "left in the queue: {} from {origin}", Count(*packets, "packet"))?;
    }
    report.lints.iter().try_for_each(|lint| writeln!(f, "note: {lint}"))
}

/// A line on what became of descriptors, if something did.
pub(super) fn descriptors(descriptors: &Descriptors) -> String {
    if descriptors.is_first() { String::new() } else { format!("descriptors: {descriptors}\n") }
}

pub(super) fn receiver(f: &mut Formatter<'_>, receiver: &ReceiverReport) -> fmt::Result {
    let mut known = receiver.known_before();
    if receiver.events.is_empty() {
        writeln!(f, "no heaps")?;
    }
    for event in &receiver.events {
        match event {
            Event::Heap(heap) => {
                known.learn(heap);
                whole(f, heap, &known, receiver)?;
            }
            Event::Incomplete(heap) => incomplete(f, heap, &known, receiver)?,
        }
    }
    fates(f, &receiver.ledger)?;
    stats(f, &receiver.stats)?;
    let config = &receiver.config;
    let order = if config.allow_out_of_order { "any order" } else { "in order" };
    writeln!(f, "window: max_heaps {}, substreams {}, {order}", config.max_heaps, config.substreams)
}

fn whole(f: &mut Formatter<'_>, heap: &ReceivedHeap, known: &Known, receiver: &ReceiverReport) -> fmt::Result {
    let (kind, packets) = (kind(heap), Count(heap.packets(), "packet"));
    writeln!(f, "{kind} {} from {}: whole, {packets}, {}", heap.cnt(), heap.origin(), heap.flavour())?;
    descriptions(f, heap)?;
    let items = heap.items().iter().filter(|item| item.id() != ItemId::DESCRIPTOR);
    items.into_iter().try_for_each(|item| self::item(f, item, heap.flavour(), known, receiver))
}

fn kind(heap: &ReceivedHeap) -> &'static str {
    let has = |id: ItemId| heap.items().iter().any(|item| item.id() == id);
    if heap.items().iter().any(|item| item.id() > ItemId::STREAM_CONTROL) {
        "heap"
    } else if has(ItemId::DESCRIPTOR) {
        "descriptor heap"
    } else if has(ItemId::STREAM_CONTROL) {
        "control heap"
    } else {
        "empty heap"
    }
}

fn descriptions(f: &mut Formatter<'_>, heap: &Heap) -> fmt::Result {
    let raw = heap.raw_descriptors();
    for descriptor in &raw {
        let (id, name) = (descriptor.id, String::from_utf8_lossy(&descriptor.name));
        let name = value::name(&name);
        match Descriptor::from_raw(descriptor, heap.flavour().bug_compat()) {
            Ok(descriptor) => {
                let about = descriptor.description();
                writeln!(f, "  describes {id:#06x} {name} {}: {about:?}", value::type_of(&descriptor))?;
            }
            Err(error) => writeln!(f, "  describes {id:#06x} {name}, but {error}")?,
        }
    }
    let items = heap.items().iter().filter(|item| item.id() == ItemId::DESCRIPTOR).count();
    match items.checked_sub(raw.len()) {
        None | Some(0) => Ok(()),
        Some(broken) => writeln!(f, "  {} cannot be read", Count(broken as u64, "descriptor")),
    }
}

fn incomplete(f: &mut Formatter<'_>, heap: &IncompleteHeap, known: &Known, receiver: &ReceiverReport) -> fmt::Result {
    let length = heap.heap_length().map_or_else(|| "an unknown number of".to_owned(), |length| length.to_string());
    write!(f, "heap {} from {}: INCOMPLETE, {}, ", heap.cnt(), heap.origin(), Count(heap.packets(), "packet"))?;
    writeln!(f, "{} of {length} bytes, {}", heap.received_length(), heap.flavour())?;
    match heap.ending() {
        Ending::Evicted { by } => writeln!(f, "  evicted by heap {by}")?,
        Ending::Flushed => writeln!(f, "  flushed when the stream stopped")?,
    }
    for range in heap.missing_ranges() {
        writeln!(f, "  missing bytes {}..{}", range.start, range.end)?;
    }
    if let Some(reach) = heap.item_beyond_end() {
        writeln!(f, "  an item points to byte {reach}, behind the heap's end")?;
    }
    heap.items().iter().try_for_each(|item| self::item(f, item, heap.flavour(), known, receiver))
}

fn item(f: &mut Formatter<'_>, item: &Item, flavour: Flavour, known: &Known, receiver: &ReceiverReport) -> fmt::Result {
    if let Some(descriptor) = known.descriptor(item) {
        match descriptor.decode(item) {
            Ok(value) => {
                let tolerance = receiver.tolerances.get(descriptor.name());
                return value::item(f, item, descriptor, &value, tolerance);
            }
            Err(error) => writeln!(f, "  {} {} cannot be read: {error}", item.id(), value::name(descriptor.name()))?,
        }
    }
    if let Some(value) = item.as_immediate() {
        let meaning = match (item.id(), value) {
            (ItemId::STREAM_CONTROL, 0) => " (start of stream)",
            (ItemId::STREAM_CONTROL, 2) => " (end of stream)",
            _ => "",
        };
        return writeln!(f, "  {} u{} = {value}{meaning}", item.id(), flavour.address_bits());
    }
    let bytes = item.bytes();
    write!(f, "  {} {}", item.id(), Count(bytes.len() as u64, "byte"))?;
    if bytes.is_empty() {
        return writeln!(f);
    }
    if bytes.len() <= SHORT {
        return writeln!(f, " = {}", hex(bytes));
    }
    let zeros = bytes.iter().filter(|byte| **byte == 0).count();
    writeln!(f)?;
    writeln!(f, "    digest {:016x}", xxhash_rust::xxh3::xxh3_64(bytes))?;
    let (first, last) = ends(bytes.len(), ENDS);
    writeln!(f, "    zeros {zeros}")?;
    writeln!(f, "    first {}, last {}", hex(&bytes[first]), hex(&bytes[last]))
}

/// The places of the first and the last few of so many.
fn ends(length: usize, few: usize) -> (Range<usize>, Range<usize>) {
    (0..few.min(length), length.saturating_sub(few)..length)
}

fn fates(f: &mut Formatter<'_>, ledger: &Ledger) -> fmt::Result {
    for (origin, counts) in ledger.lanes() {
        // What a plan dropped stands in the report, for all receivers.
        let shown = |fate: &Fate| !matches!(fate, Fate::Used | Fate::Dropped) && counts.of(*fate) > 0;
        for fate in Fate::ALL.iter().copied().filter(shown) {
            writeln!(f, "{}: {} from {origin}", fate.name(), Count(counts.of(fate), "packet"))?;
        }
    }
    for (origin, example, packets) in ledger.rejections() {
        writeln!(f, "  {packets} from {origin}, e.g. {example}")?;
    }
    Ok(())
}

fn stats(f: &mut Formatter<'_>, stats: &Stats) -> fmt::Result {
    write!(
        f,
        "stats: heaps {}, evicted {}, flushed {}, packets {}, single-packet heaps {}",
        stats.heaps,
        stats.incomplete_heaps_evicted,
        stats.incomplete_heaps_flushed,
        stats.packets,
        stats.single_packet_heaps
    )?;
    stats.custom().try_for_each(|(name, value)| write!(f, ", {name} {value}"))?;
    writeln!(f)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().enumerate().fold(String::new(), |mut text, (at, byte)| {
        let space = if at > 0 { " " } else { "" };
        write!(text, "{space}{byte:02x}").expect("writing to a string");
        text
    })
}
