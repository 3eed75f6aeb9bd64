//! spead2's bug history: what went wrong there once, or was decided there on purpose, holds here.
//!
//! Each behaviour has a number and a test whose name begins with it; [`ELSEWHERE`] says why a number has none. The last
//! module is a table of what spead2 4.5.1 was seen to make of packets.

mod async_;
mod gaps;
mod items;
mod leaving;
mod oracle;
mod reassembly;
mod sending;
mod statistics;
mod stopping;

use std::{collections::BTreeMap, fs, ops::Range, path::Path};

use bytes::Bytes;
use spead_inproc::{
    Event, Fate, Flavour, Heap, InprocQueue, Ledger, Packetizer, RecvConfig, RecvError, RecvStream, Rejection, Stats,
    recv::Ending,
};
use support::raw_packet::RawPacket;

const BEHAVIOURS: u32 = 78;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// There is nothing here that it could be about.
    NotApplicable,
}

/// The behaviours without a test.
const ELSEWHERE: &[(u32, Why, &str)] = &[
    (71, Why::NotApplicable, "chunk streams are not built: no heap can be too old for a window of chunks"),
    (72, Why::NotApplicable, "chunk streams are not built: there are no chunk ids"),
];

#[test]
fn every_behaviour_has_a_test_or_a_reason() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/history");
    let modules = fs::read_to_string(directory.join("mod.rs")).unwrap();
    let mut tests = BTreeMap::new();
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        let (name, text) = (path.file_stem().unwrap().to_str().unwrap(), fs::read_to_string(&path).unwrap());
        assert!(name == "mod" || modules.contains(&format!("\nmod {name};\n")), "{name} is not part of the tests");
        assert!(!text.contains(concat!("#[", "ignore")), "{name} has a test that does not run");
        for (before, line) in text.lines().zip(text.lines().skip(1)) {
            let Some(number) = number(line) else { continue };
            assert_eq!(before, "#[test]", "{line} is no test");
            assert_eq!(tests.insert(number, line.to_owned()), None, "two tests for one behaviour");
        }
    }
    for (number, _, why) in ELSEWHERE {
        assert!(!tests.contains_key(number), "behaviour {number} has a test and a reason not to have one: {why}");
    }
    let missing: Vec<_> = (1..=BEHAVIOURS)
        .filter(|number| !tests.contains_key(number) && !ELSEWHERE.iter().any(|(other, ..)| other == number))
        .collect();
    assert!(missing.is_empty(), "neither a test nor a reason: {missing:?}");
    let count = |why| ELSEWHERE.iter().filter(|(_, other, _)| *other == why).count();
    let (tested, not_applicable) = (tests.len(), count(Why::NotApplicable));
    println!("{BEHAVIOURS} behaviours: {tested} tested, {not_applicable} do not apply");
    assert_eq!(tested + not_applicable, BEHAVIOURS as usize);
}

/// The number in `fn b01_…`.
fn number(line: &str) -> Option<u32> {
    line.strip_prefix("fn b")?.split_once('_')?.0.parse().ok()
}

/// What came of some packets.
struct Received {
    events: Vec<Event>,
    stats: Stats,
    ledger: Ledger,
    /// Packets that nobody read.
    left: usize,
}

/// What a stream makes of these packets, up to the end of data.
fn receive(config: RecvConfig, packets: impl IntoIterator<Item = Bytes>) -> Received {
    let queue = InprocQueue::new();
    packets.into_iter().for_each(|packet| queue.add_packet(packet).unwrap());
    queue.stop();
    drain(&stream(config, &queue), &queue)
}

/// A stream that reads this queue.
fn stream(config: RecvConfig, queue: &InprocQueue) -> RecvStream {
    let rx = RecvStream::new(config).unwrap();
    rx.add_inproc_reader(queue).unwrap();
    rx
}

/// What a stream gives until it ends.
fn drain(rx: &RecvStream, queue: &InprocQueue) -> Received {
    let mut events = Vec::new();
    let end = loop {
        match rx.next_event() {
            Ok(event) => events.push(event),
            Err(error) => break error,
        }
    };
    assert!(matches!(end, RecvError::Stopped), "{end}");
    let (stats, ledger) = (rx.stats(), rx.ledger());
    assert_eq!(ledger.total().live(), 0, "a packet without a fate\n{ledger}");
    Received { events, stats, ledger, left: queue.len() }
}

impl Received {
    /// The heaps in the order in which they came, a line each; see [`show`].
    fn heaps(&self) -> Vec<String> {
        self.events.iter().map(show).collect()
    }

    /// In the order of the oracle table: heaps, packets, evicted, flushed, single-packet heaps.
    fn stats(&self) -> [u64; 5] {
        let Stats { heaps, packets, incomplete_heaps_evicted, incomplete_heaps_flushed, single_packet_heaps, .. } =
            self.stats;
        [heaps, packets, incomplete_heaps_evicted, incomplete_heaps_flushed, single_packet_heaps]
    }

    /// `used 2, late 1`: the fates that packets had.
    fn fates(&self) -> String {
        let fates =
            Fate::ALL.iter().copied().map(|fate| (fate, self.ledger.of(fate))).filter(|(_, packets)| *packets > 0);
        fates.map(|(fate, packets)| format!("{fate:?} {packets}").to_lowercase()).collect::<Vec<_>>().join(", ")
    }

    /// Why packets were rejected: an example of each reason, and how many.
    fn rejections(&self) -> Vec<(Rejection, u64)> {
        self.ledger.rejections().map(|(_, rejection, packets)| (rejection, packets)).collect()
    }

    /// The only heap, which is whole.
    fn whole(&self) -> &Heap {
        match self.events.as_slice() {
            [Event::Heap(heap)] => heap,
            events => panic!("not one whole heap: {events:?}"),
        }
    }
}

/// `1: whole`, `1: 0..32 of 64, flushed`, `1: 0..32 of 64, evicted by 2`; the ranges are those that came.
fn show(event: &Event) -> String {
    let cnt = event.cnt().get();
    let Event::Incomplete(heap) = event else { return format!("{cnt}: whole") };
    let ranges: Vec<_> = heap.payload_ranges().iter().map(|range| format!("{range:?}")).collect();
    let length = heap.heap_length().map_or_else(|| "?".to_owned(), |length| length.to_string());
    let ending = match heap.ending() {
        Ending::Evicted { by } => format!("evicted by {}", by.get()),
        Ending::Flushed => "flushed".to_owned(),
        other => panic!("{other:?}"),
    };
    format!("{cnt}: {} of {length}, {ending}", ranges.join(" "))
}

fn any_order() -> RecvConfig {
    RecvConfig { allow_out_of_order: true, ..RecvConfig::default() }
}

fn window(max_heaps: usize) -> RecvConfig {
    RecvConfig { max_heaps, ..RecvConfig::default() }
}

/// The bytes `payload` of a heap of so many bytes.
fn part(cnt: u64, heap_length: u64, payload: Range<u64>) -> Bytes {
    RawPacket::part(cnt, heap_length, payload).bytes()
}

/// A heap of 64 bytes in two packets.
fn halves(cnt: u64) -> [Bytes; 2] {
    [part(cnt, 64, 0..32), part(cnt, 64, 32..64)]
}

/// A heap of 32 bytes in one packet.
fn single(cnt: u64) -> Bytes {
    part(cnt, 32, 0..32)
}

/// A packet that does not say how long its heap is.
fn unsized_part(cnt: u64, payload: Range<u64>) -> Bytes {
    RawPacket { heap_length: None, ..RawPacket::part(cnt, 0, payload) }.bytes()
}

/// The heap with the stop item.
fn stop(cnt: u64) -> Bytes {
    Packetizer::new(&Heap::end_of_stream(Flavour::SPEAD_64_48), cnt, 1472).unwrap().iter().next().unwrap()
}
