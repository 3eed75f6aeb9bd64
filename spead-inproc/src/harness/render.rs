//! The text of a report: one fact a line, the same on every run and machine.

use std::fmt::{self, Formatter, Write};

use super::{ReceiverReport, Report};
use crate::{
    heap::{Item, Origin},
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
        if many {
            writeln!(f, "receiver {index}")?;
        }
        receiver(f, each)?;
    }
    for (origin, packets) in &report.left {
        writeln!(f, "left in the queue: {} from {}", Count(*packets, "packet"), who(*origin))?;
    }
    report.lints.iter().try_for_each(|lint| writeln!(f, "note: {lint}"))
}

pub(super) fn receiver(f: &mut Formatter<'_>, receiver: &ReceiverReport) -> fmt::Result {
    if receiver.events.is_empty() {
        writeln!(f, "no heaps")?;
    }
    for event in &receiver.events {
        match event {
            Event::Heap(heap) => whole(f, heap)?,
            Event::Incomplete(heap) => incomplete(f, heap)?,
        }
    }
    fates(f, &receiver.ledger)?;
    stats(f, &receiver.stats)?;
    let config = &receiver.config;
    let order = if config.allow_out_of_order { "any order" } else { "in order" };
    writeln!(f, "window: max_heaps {}, substreams {}, {order}", config.max_heaps, config.substreams)
}

fn whole(f: &mut Formatter<'_>, heap: &ReceivedHeap) -> fmt::Result {
    let kind = kind(heap);
    let packets = Count(heap.packets(), "packet");
    writeln!(f, "{kind} {} from {}: whole, {packets}, {}", heap.cnt(), who(heap.origin()), heap.flavour())?;
    heap.items().iter().try_for_each(|item| self::item(f, item, heap.flavour()))
}

fn kind(heap: &ReceivedHeap) -> &'static str {
    let data = |item: &&Item| item.id() > ItemId::STREAM_CONTROL;
    let has = |id: ItemId| heap.items().iter().any(|item| item.id() == id);
    if heap.items().iter().any(|item| data(&item)) {
        "heap"
    } else if has(ItemId::DESCRIPTOR) {
        "descriptor heap"
    } else if has(ItemId::STREAM_CONTROL) {
        "control heap"
    } else {
        "empty heap"
    }
}

fn incomplete(f: &mut Formatter<'_>, heap: &IncompleteHeap) -> fmt::Result {
    let length = heap.heap_length().map_or_else(|| "an unknown number of".to_owned(), |length| length.to_string());
    write!(f, "heap {} from {}: INCOMPLETE, ", heap.cnt(), who(heap.origin()))?;
    let packets = Count(heap.packets(), "packet");
    writeln!(f, "{packets}, {} of {length} bytes, {}", heap.received_length(), heap.flavour())?;
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
    heap.items().iter().try_for_each(|item| self::item(f, item, heap.flavour()))
}

fn item(f: &mut Formatter<'_>, item: &Item, flavour: Flavour) -> fmt::Result {
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
    if bytes.len() <= SHORT {
        return writeln!(f, "{} {}", if bytes.is_empty() { "" } else { " =" }, hex(bytes)).map(|()| ());
    }
    let zeros = bytes.iter().filter(|byte| **byte == 0).count();
    writeln!(f)?;
    writeln!(f, "    digest {:016x}", xxhash_rust::xxh3::xxh3_64(bytes))?;
    writeln!(f, "    {} … {}, zeros {zeros}", hex(&bytes[..ENDS]), hex(&bytes[bytes.len() - ENDS..]))
}

fn fates(f: &mut Formatter<'_>, ledger: &Ledger) -> fmt::Result {
    for (origin, counts) in ledger.lanes() {
        for fate in Fate::ALL.into_iter().filter(|fate| *fate != Fate::Used && counts.of(*fate) > 0) {
            writeln!(f, "{}: {} from {}", fate.name(), Count(counts.of(fate), "packet"), who(origin))?;
        }
    }
    for (origin, example, packets) in ledger.rejections() {
        writeln!(f, "  {packets} from {}, e.g. {example}", who(origin))?;
    }
    Ok(())
}

fn stats(f: &mut Formatter<'_>, stats: &Stats) -> fmt::Result {
    writeln!(
        f,
        "stats: heaps {}, evicted {}, flushed {}, packets {}, single-packet heaps {}",
        stats.heaps,
        stats.incomplete_heaps_evicted,
        stats.incomplete_heaps_flushed,
        stats.packets,
        stats.single_packet_heaps
    )
}

fn who(origin: Origin) -> String {
    origin.to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().enumerate().fold(String::new(), |mut text, (at, byte)| {
        let space = if at > 0 { " " } else { "" };
        write!(text, "{space}{byte:02x}").expect("writing to a string");
        text
    })
}
