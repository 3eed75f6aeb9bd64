//! Puts a recorded stream on a queue, reassembles it, and shows what came out.
//!
//! `cargo run --example replay -- [OPTIONS] [FILE]`, see `--help`.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use spead_inproc::{Event, Flavour, GroupItem, InprocQueue, Item, ItemGroup, RecvConfig, RecvStream, wire::Packets};

const HELP: &str = "\
Puts a recorded SPEAD stream on an in-process queue, reassembles it and shows heaps, what is missing, and statistics.

usage: replay [OPTIONS] [FILE]
  FILE               packets back to back; without it, a recording of four antennas with a lost and a swapped packet
  --max-heaps N      heaps of one substream that may be arriving at once (4)
  --substreams N     windows of that many heaps (4)
  --out-of-order     accept the packets of a heap in any order
  --no-stop          do not stop at a stop item
  --bug-compat N     old mistakes to expect in descriptors: a sum of 1, 2 and 4 (0)";

/// The F-engine stream of the project's vectors, wherever the program is started.
const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/streams/feng_lossy.spead");

fn main() {
    if let Err(error) = run() {
        eprintln!("replay: {error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let Some((file, config)) = arguments()? else {
        println!("{HELP}");
        return Ok(());
    };
    let queue = InprocQueue::new();
    let packets = read(&file, &queue)?;
    queue.stop();
    println!("{packets} packets, max_heaps {}, substreams {}", config.max_heaps, config.substreams);

    let rx = RecvStream::new(config)?;
    rx.add_inproc_reader(&queue)?;
    let mut group = ItemGroup::new(Flavour::default());
    while let Ok(event) = rx.next_event() {
        show(&event, &mut group);
    }
    print!("\n{}\n{}", rx.stats(), rx.ledger());
    if !queue.is_empty() {
        println!("{} packets after the stop item were not read", queue.len());
    }
    Ok(())
}

/// Puts all packets of a file on the queue; how many there were.
fn read(file: &Path, queue: &InprocQueue) -> Result<usize, Box<dyn Error>> {
    let name = file.display();
    let bytes = fs::read(file).map_err(|error| format!("{name}: {error}"))?;
    let mut packets = 0;
    for packet in Packets::new(bytes) {
        queue.add_packet(packet.map_err(|broken| format!("{name}: after {packets} packets, {broken}"))?)?;
        packets += 1;
    }
    if packets == 0 {
        return Err(format!("{name}: the file is empty").into());
    }
    Ok(packets)
}

fn show(event: &Event, group: &mut ItemGroup) {
    match event {
        Event::Heap(heap) => {
            let packets = heap.packets();
            println!("heap {}: whole, {packets} {}", heap.cnt(), if packets == 1 { "packet" } else { "packets" });
            match group.update(heap) {
                Ok(updated) => updated.described().iter().filter_map(|name| group.item(name)).for_each(|item| {
                    println!("  descriptor {}: {}", item.descriptor(), item.descriptor().description());
                }),
                Err(error) => println!("  {error}"),
            }
            for item in heap.items().iter().filter(|item| item.id() != 5) {
                show_item(item, group);
            }
        }
        Event::Incomplete(heap) => {
            let length = heap.heap_length().map_or_else(|| "?".to_owned(), |length| length.to_string());
            println!("heap {}: INCOMPLETE, {} of {length} bytes", heap.cnt(), heap.received_length());
            for missing in heap.missing_ranges() {
                println!("  missing bytes {}..{}", missing.start, missing.end);
            }
            for item in heap.items() {
                show_item(item, group);
            }
        }
        _ => {}
    }
}

/// By name, type, shape and value if a descriptor has come, else as it stands.
fn show_item(item: &Item, group: &ItemGroup) {
    let known = group.item_by_id(item.id().get()).map(GroupItem::descriptor);
    match known.map(|descriptor| (descriptor, descriptor.decode(item))) {
        Some((descriptor, Ok(value))) => println!("  {descriptor} = {value:?}"),
        Some((_, Err(error))) => println!("  {error}"),
        None => println!("  {item:?}"),
    }
}

/// The file and the settings; nothing if help was asked for.
fn arguments() -> Result<Option<(PathBuf, RecvConfig)>, Box<dyn Error>> {
    use lexopt::{Arg, ValueExt};

    let mut file = None;
    let mut config = RecvConfig { substreams: 4, ..RecvConfig::default() };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            Arg::Long("max-heaps") => config.max_heaps = arguments.value()?.parse()?,
            Arg::Long("substreams") => config.substreams = arguments.value()?.parse()?,
            Arg::Long("out-of-order") => config.allow_out_of_order = true,
            Arg::Long("no-stop") => config.stop_on_stop_item = false,
            Arg::Long("bug-compat") => {
                config.bug_compat = spead_inproc::BugCompat::from_bits(arguments.value()?.parse()?);
            }
            Arg::Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some((file.unwrap_or_else(|| RECORDING.into()), config)))
}
