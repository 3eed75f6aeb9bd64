//! The field's scenarios (spec, field 8) that need orders, faults or presence: no sleep, no thread, no port.

use std::collections::{BTreeMap, BTreeSet};

use spead_inproc::{
    Harness, Heap, ReceivedHeap,
    descriptor::ByteOrder,
    harness::{Faults, Order, Select, WireView},
    profile::Profile,
    spead_test,
};

fn immediate(heap: &Heap, id: u64) -> u64 {
    heap.item(id).and_then(|item| item.as_immediate()).unwrap()
}

/// S1: 32 heaps of each polarisation. Two that change places across the edge of a chunk of 16, three that are lost.
fn digitiser_faults() -> Faults {
    let pol = |pol| Select::all().items(0x3101, [pol]);
    Faults::new().drop("lost in pol 0", pol(0).heaps([0, 10, 15])).swap(
        "swapped in pol 1",
        pol(1).heaps([12]),
        pol(1).heaps([23]),
    )
}

#[spead_test(senders = 2, packet_size = 5192, faults = digitiser_faults(), order = Order::round_robin(), snapshot = false)]
fn s1_chunks_of_a_digitiser(harness: Harness) {
    let stream = Profile::digitiser();
    for time in 0..32 {
        for pol in 0_u64..2 {
            let samples = vec![i16::try_from(time).unwrap(); 4096];
            let heap = stream.heap(time).value("digitiser_id", pol).value("digitiser_status", 0_u64);
            let heap = heap.value("adc_samples", samples).build().unwrap();
            harness.sender(usize::try_from(pol).unwrap()).send_heap(stream.reference(&heap)).unwrap();
        }
    }
    let expected = harness.expected(0x1600, 0x3101);
    let heaps = harness.receiver().collect().unwrap();
    assert_eq!(expected.found_in(&heaps), expected);
    assert_eq!(expected.missing().collect::<Vec<_>>(), [(0, 0), (10 * 4096, 0), (15 * 4096, 0)]);
    let chunk = |heap: &ReceivedHeap| immediate(heap, 0x1600) / 65_536;
    let pol_1: Vec<u64> = heaps.iter().filter(|heap| immediate(heap, 0x3101) == 1).map(chunk).collect();
    // Heap 23 comes in the first chunk, heap 12 in the second.
    let expected: Vec<u64> = (0..32)
        .map(|at| {
            if at == 12 {
                1
            } else if at == 23 {
                0
            } else {
                at / 16
            }
        })
        .collect();
    assert_eq!(pol_1, expected);
}

/// S2: four antennas, packet by packet, and one of them late.
#[test]
fn s2_antennas_interleaved() {
    let stream = Profile::f_engine(512, 32);
    let order = Order::round_robin();
    let harness = Harness::builder().senders(4).packet_size(stream.max_packet_size()).order(order).build().unwrap();
    harness.hold(3);
    for antenna in 0_u8..4 {
        let mark = i8::try_from(antenna).unwrap();
        let heap = stream.heap(1).value("feng_id", antenna).value("frequency", 512_u16);
        let heap = heap.value("feng_raw", vec![mark; 65_536]).build().unwrap();
        harness.sender(usize::from(antenna)).send_heap(stream.reference(&heap)).unwrap();
    }
    let first = harness.receiver().collect().unwrap();
    assert_eq!(first.iter().map(|heap| immediate(heap, 0x4101)).collect::<Vec<_>>(), [0, 1, 2]);
    harness.release(3);
    let late = harness.receiver().collect().unwrap();
    assert_eq!(late.iter().map(|heap| immediate(heap, 0x4101)).collect::<Vec<_>>(), [3]);
    assert!(late[0].item(0x4300).unwrap().bytes().iter().all(|sample| *sample == 3));
    let wire = harness.receiver().wire_view();
    let senders: String = wire.lines().map(|line| line.as_bytes()[7] as char).collect();
    assert_eq!(senders, "012012012012012012012012".to_owned() + "33333333");
    assert_eq!(harness.finish().receivers[0].ledger.used(), 32);
}

/// S3: time and engine of the heaps as ingest gets them (katsdpingest `test_receiver.py`).
const INGEST: [(u64, usize); 24] = [
    (0, 0),
    (0, 1),
    (0, 3),
    (1, 1),
    (1, 3),
    (1, 2),
    (1, 0),
    (2, 2),
    (0, 2),
    (7, 0),
    (2, 0),
    (2, 1),
    (2, 3),
    (6, 0),
    (6, 1),
    (6, 2),
    (6, 3),
    (9, 0),
    (9, 2),
    (8, 0),
    (9, 3),
    (8, 1),
    (8, 3),
    (8, 2),
];

/// Gathers the parts of a frame; gives a frame out when it leaves a window of three.
#[derive(Default)]
struct Ingest {
    frames: BTreeMap<u64, BTreeSet<u64>>,
    start: u64,
    out: Vec<(u64, usize)>,
}

impl Ingest {
    fn push(&mut self, time: u64, engine: u64) {
        while self.start + 3 <= time {
            self.advance();
        }
        if time >= self.start {
            self.frames.entry(time).or_default().insert(engine);
        }
        while self.frames.get(&self.start).is_some_and(|parts| parts.len() == 4) {
            self.advance();
        }
    }

    fn advance(&mut self) {
        if let Some(parts) = self.frames.remove(&self.start) {
            self.out.push((self.start, parts.len()));
        }
        self.start += 1;
    }
}

#[test]
fn s3_ingest_out_of_order() {
    let stream = Profile::x_engine(4, 4, ByteOrder::Little);
    // Every engine sends its frames in order of time; the script says when each heap comes.
    let frames =
        |engine: usize| INGEST.iter().filter(|(_, of)| *of == engine).map(|(time, _)| *time).collect::<BTreeSet<_>>();
    let place = |(time, engine)| (engine, frames(engine).range(..time).count() as u64);
    let order = Order::script(INGEST.map(place));
    let harness = Harness::builder().senders(4).packet_size(stream.max_packet_size()).order(order).build().unwrap();
    for engine in 0..4 {
        for time in frames(engine) {
            let heap = stream.heap(time).value("frequency", u64::try_from(4 * engine).unwrap());
            let heap = heap.value("xeng_raw", vec![1_i32; 4 * 40 * 2]).build().unwrap();
            harness.sender(engine).send_heap(stream.reference(&heap)).unwrap();
        }
    }
    let heaps = harness.receiver().collect().unwrap();
    let came: Vec<(u64, u64)> =
        heaps.iter().map(|heap| (immediate(heap, 0x1600) / stream.step(), immediate(heap, 0x4103) / 4)).collect();
    assert_eq!(came, INGEST.map(|(time, engine)| (time, engine as u64)));
    let mut ingest = Ingest::default();
    came.iter().for_each(|(time, engine)| ingest.push(*time, *engine));
    (0..3).for_each(|_| ingest.advance());
    assert_eq!(ingest.out, [(0, 4), (1, 4), (2, 1), (6, 4), (7, 1), (8, 4), (9, 3)]);
}

/// S4: sixteen engines in small packets; a time slice, single heaps and half a minute of one engine are lost.
#[test]
fn s4_beamformer_capture() {
    const TIMES: u64 = 10;
    let stream = Profile::beamformer(64, 256);
    let time = |slices: &[u64]| slices.iter().map(|at| at * stream.step()).collect::<Vec<_>>();
    let faults = Faults::new()
        .drop("slice 3", Select::all().items(0x1600, time(&[3])))
        .drop("single heaps", Select::all().items(0x1600, time(&[1])).items(0x4103, [128, 704]).packets([7]))
        .drop("engine 5 pauses", Select::all().senders([5]).heaps(4..10));
    let builder = Harness::builder().senders(16).packet_size(72 + 256).order(Order::round_robin()).faults(faults);
    let harness = builder.build().unwrap();
    let raw = vec![1_i8; 64 * 256 * 2];
    for at in 0..TIMES {
        for engine in 0_u64..16 {
            let heap = stream.heap(at).value("frequency", 64 * engine).value("beam_ants", 4_u8);
            let heap = heap.value("bf_raw", raw.clone()).build().unwrap();
            harness.sender(usize::try_from(engine).unwrap()).send_heap(stream.reference(&heap)).unwrap();
        }
    }
    let expected = harness.expected(0x1600, 0x4103);
    harness.stop();
    let heaps: Vec<_> = harness.receiver().data_heaps().map(Result::unwrap).collect();
    assert_eq!(expected.found_in(&heaps), expected);
    let step = stream.step();
    let mask = expected
        .rows()
        .into_iter()
        .map(|row| row.iter().map(|there| if *there { '#' } else { '.' }).collect::<String>());
    insta::assert_snapshot!(mask.collect::<Vec<_>>().join("\n"), @r"
    ################
    ##.########.####
    ################
    ................
    #####.##########
    #####.##########
    #####.##########
    #####.##########
    #####.##########
    #####.##########
    ");
    // The capture takes channels 128 to 767 and flags what is not there.
    let flags: Vec<(u64, u64)> = (expected.missing())
        .filter(|(_, channel)| (128..768).contains(channel))
        .map(|(time, channel)| (time / step, channel))
        .collect();
    assert_eq!(flags.len(), 2 + 10 + 6);
    let report = harness.finish();
    let dropped = report.done.iter().filter(|done| &*done.rule == "single heaps").count();
    assert_eq!((dropped, report.done.len()), (2, 2 + 16 * 128 + 6 * 128));
}
