//! What the pipe costs, by counting: figures that hold on any machine, in a binary of its own since its allocator counts.
//!
//! System calls are counted by strace and instructions by valgrind, which run this very binary again with [`WORK`] set:
//! once with little work and once with much, so that the difference is free of what starting a program costs.
#![cfg(target_os = "linux")]

use std::{env, fs, path::PathBuf, process::Command};

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use spead_inproc::{
    Flavour, GroupMode, Harness, Heap, InprocQueue, Packetizer, RecvConfig, RecvStream, SendConfig, SendStream, Value,
};

const KIB: usize = 1024;
/// Says which work to do, and how much of it, when this binary runs again under a tool.
const WORK: &str = "SPEAD_INPROC_COUNTERS_WORK";

fn heap(payload: usize) -> Heap {
    Heap::builder(Flavour::SPEAD_64_48).item(0x1000, vec![0x5a; payload]).build().expect("one item")
}

fn pipe(max_heaps: usize, recv: RecvConfig) -> (InprocQueue, SendStream, RecvStream) {
    let queue = InprocQueue::new();
    let tx = SendStream::new(&queue, SendConfig { max_heaps, ..SendConfig::default() }).expect("good settings");
    let rx = RecvStream::new(recv).expect("good settings");
    rx.add_inproc_reader(&queue).expect("not started");
    (queue, tx, rx)
}

fn send(tx: &SendStream, heap: &Heap, heaps: usize) {
    for _ in 0..heaps {
        tx.send_heap(heap).expect("the queue is open");
    }
}

/// Sends so many heaps, and then receives them.
fn through(heap: &Heap, heaps: usize) {
    let (_queue, tx, rx) = pipe(4, RecvConfig::default());
    send(&tx, heap, heaps);
    (0..heaps).for_each(|_| drop(rx.next_heap().expect("it was sent")));
}

/// Receives a heap so many times, as packets that stand by themselves.
fn flat(heap: &Heap, heaps: usize) {
    let packets: Vec<_> = Packetizer::new(heap, 1, 1472).expect("large packets").iter().collect();
    let (queue, _tx, rx) = pipe(4, RecvConfig::default());
    for _ in 0..heaps {
        packets.iter().for_each(|packet| queue.add_packet(packet.clone()).expect("the queue is open"));
        drop(rx.next_heap().expect("all packets came"));
    }
}

fn fixtures(cycles: usize) {
    let heap = heap(8);
    for _ in 0..cycles {
        let harness = Harness::builder().build().expect("the defaults work");
        harness.sender(0).send_heap(&heap).expect("the queue is open");
        harness.receiver().next_heap().expect("it was sent");
    }
}

/// So many heaps through one harness, in turns, and its report.
fn harnessed(heaps: usize) {
    let (heap, harness) = (heap(64), Harness::builder().senders(2).build().expect("the defaults work"));
    for at in 0..heaps {
        harness.sender(at % 2).send_heap(&heap).expect("the queue is open");
        harness.receiver().next_heap().expect("it was sent");
    }
    drop(harness.finish());
}

mod allocations {
    use super::*;

    /// Allocations and packets of heaps that go through.
    fn per_packet(payload: usize) -> f64 {
        const HEAPS: usize = 200;
        let heap = heap(payload);
        let packets = HEAPS * Packetizer::new(&heap, 1, 1472).expect("large packets").len();
        measure(|| through(&heap, HEAPS)).count_total as f64 / packets as f64
    }

    #[test]
    fn next_to_none_for_each_small_heap() {
        let small = per_packet(64);
        assert!(small <= 0.2, "{small} allocations for each heap of one packet");
    }

    #[test]
    fn next_to_none_for_each_packet() {
        let large = per_packet(64 * KIB);
        assert!(large <= 0.1, "{large} allocations for each packet of a 64 KiB heap");
        let larger = per_packet(KIB * KIB);
        assert!(larger <= 0.01, "{larger} allocations for each packet of a 1 MiB heap");
    }

    #[test]
    fn a_queued_heap_takes_at_most_64_bytes() {
        const HEAPS: usize = 4000;
        let (heap, (_queue, tx, rx)) = (heap(64 * KIB), pipe(4, RecvConfig::default()));
        let queued = measure(|| send(&tx, &heap, HEAPS));
        let per_heap = queued.bytes_current as f64 / HEAPS as f64;
        assert!(per_heap <= 64.0, "{per_heap} bytes for each heap in the queue");
        let drained = measure(|| (0..HEAPS).for_each(|_| drop(rx.next_heap().expect("it was sent"))));
        let left = queued.bytes_current + drained.bytes_current;
        assert!(left <= 64 * 1024, "{left} bytes are left when the queue is empty");
    }

    #[test]
    fn a_packet_queued_by_itself_takes_at_most_64_bytes() {
        const HEAPS: usize = 100;
        let (heap, (queue, tx, _rx)) = (heap(64 * KIB), pipe(HEAPS, RecvConfig::default()));
        let group = vec![(&heap).into(); HEAPS];
        let queued = measure(|| drop(tx.send_heaps(&group, GroupMode::RoundRobin).expect("the queue is open")));
        let per_packet = queued.bytes_current as f64 / queue.len() as f64;
        assert!(per_packet <= 64.0, "{per_packet} bytes for each packet in the queue");
    }
}

mod copies {
    use super::*;

    /// Whether each addressed item that came is the very memory that was sent.
    fn check_shared(heap: &Heap, send: impl Fn(&SendStream), received: usize) {
        let (_queue, tx, rx) = pipe(8, RecvConfig { max_heaps: 8, ..RecvConfig::default() });
        send(&tx);
        for _ in 0..received {
            let came = rx.next_heap().expect("it was sent");
            assert_eq!(came.items().len(), heap.items().len());
            for (sent, came) in heap.items().iter().zip(came.items()) {
                if let (Some(sent), Some(came)) = (sent.as_addressed(), came.as_addressed()) {
                    assert_eq!(sent.as_ptr(), came.as_ptr(), "{} was copied", sent.len());
                    assert_eq!(sent.len(), came.len());
                }
            }
        }
    }

    fn items(lengths: &[usize]) -> Heap {
        let add = |builder: spead_inproc::HeapBuilder, (at, length): (usize, &usize)| {
            builder.immediate(0x2000 + at as u64, 7).item(0x1000 + at as u64, vec![0x5a; *length])
        };
        lengths.iter().enumerate().fold(Heap::builder(Flavour::SPEAD_64_48), add).build().expect("few items")
    }

    #[test]
    fn none_of_a_heap_that_nobody_disturbed() {
        for lengths in [&[64][..], &[KIB * KIB], &[1, 1431, 1432, 1433, 5000], &[3; 1000], &[100_000; 5]] {
            let heap = items(lengths);
            check_shared(&heap, |tx| send(tx, &heap, 1), 1);
        }
    }

    #[test]
    fn none_of_heaps_that_come_in_turn() {
        let heap = items(&[100, 4000, 64 * KIB]);
        let group = [(&heap).into(); 5];
        check_shared(&heap, |tx| drop(tx.send_heaps(&group, GroupMode::RoundRobin).expect("the queue is open")), 5);
    }

    /// What is allocated while flat packets, in this order, become a heap again.
    fn allocated(packets: impl Iterator<Item = Bytes>, recv: RecvConfig) -> AllocationInfo {
        let (queue, _tx, rx) = pipe(4, recv);
        packets.for_each(|packet| queue.add_packet(packet).expect("the queue is open"));
        measure(|| drop(rx.next_heap().expect("all packets came")))
    }

    #[test]
    fn one_of_foreign_bytes() {
        const PAYLOAD: usize = 1 << 20;
        let packets: Vec<_> = Packetizer::new(&heap(PAYLOAD), 1, 1472).expect("large packets").iter().collect();
        let any_order = RecvConfig { allow_out_of_order: true, ..RecvConfig::default() };
        let in_order = allocated(packets.iter().cloned(), RecvConfig::default());
        let backwards = allocated(packets.iter().rev().cloned(), any_order);
        for info in [in_order, backwards] {
            assert!(info.bytes_max < 5 * PAYLOAD as u64 / 4, "{} bytes for one copy of {PAYLOAD}", info.bytes_max);
        }
    }

    /// As a failing `assert_eq!` shows them.
    #[test]
    fn none_of_a_value_of_which_little_is_shown() {
        let numbers = Value::from(vec![0.5_f32; 1_000_000]);
        let texts = Value::texts(&vec!["telescope"; 100_000]);
        let strings = Value::byte_strings(&vec!["telescope"; 100_000]);
        let record = Value::record([("f0", numbers.clone()), ("f1", texts.clone())]);
        for value in [numbers, texts, strings, record] {
            let shown = measure(|| drop(format!("{value:?}")));
            assert!(shown.bytes_max <= 8 * KIB as u64, "{} bytes to show {value:?}", shown.bytes_max);
        }
    }
}

mod under_tools {
    use super::*;

    /// What runs under a tool; by itself it does nothing.
    #[test]
    fn work() {
        let Ok(work) = env::var(WORK) else { return };
        let (what, amount) = work.split_once(' ').expect("what, and how much");
        let amount = amount.parse().expect("a number");
        match what {
            "small" => through(&heap(64), amount),
            "large" => through(&heap(64 * KIB), amount),
            "flat" => flat(&heap(64 * KIB), amount),
            "fixtures" => fixtures(amount),
            "harnessed" => harnessed(amount),
            _ => panic!("no work called {what}"),
        }
    }

    /// Packets of a 64 KiB heap.
    const PACKETS: f64 = 46.0;

    /// Runs this binary's work under a tool, which writes to the file that it is given; what it wrote and said.
    fn run(tool: &str, arguments: impl Fn(&str) -> Vec<String>, work: &str, amount: u32) -> String {
        let name = format!("counters-{tool}-{work}-{amount}");
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let output = Command::new(tool)
            .args(arguments(file.to_str().expect("a plain path")))
            .arg(env::current_exe().expect("this binary has a path"))
            .args(["--exact", "under_tools::work", "--test-threads=1"])
            .env(WORK, format!("{work} {amount}"))
            .output()
            .unwrap_or_else(|error| panic!("{tool}: {error}; install it: `bash .ci/run` does"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{tool} failed: {said}");
        let written = fs::read_to_string(&file).unwrap_or_default();
        fs::remove_file(&file).expect("the tool wrote it");
        format!("{said}\n{written}")
    }

    /// System calls for each of so many units of work.
    fn system_calls(work: &str) -> f64 {
        const FEW: u32 = 100;
        const MANY: u32 = 2100;
        let arguments = |file: &str| ["-f", "-qq", "-o", file].map(str::to_owned).to_vec();
        let calls = |amount| {
            let trace = run("strace", arguments, work, amount);
            trace.lines().filter(|line| line.contains('(') && !line.contains("resumed>")).count() as f64
        };
        (calls(MANY) - calls(FEW)) / f64::from(MANY - FEW)
    }

    /// Instructions for each of so many units of work, in the profile of tests, which checks more and optimises less than a
    /// release does.
    fn instructions(work: &str) -> f64 {
        const FEW: u32 = 100;
        const MANY: u32 = 600;
        let arguments = |file: &str| vec!["--tool=callgrind".to_owned(), format!("--callgrind-out-file={file}")];
        let collected = |amount| {
            let said = run("valgrind", arguments, work, amount);
            let line = said.lines().find_map(|line| line.split_once("Collected : "));
            line.and_then(|(_, count)| count.trim().parse::<f64>().ok()).expect("valgrind says what it collected")
        };
        (collected(MANY) - collected(FEW)) / f64::from(MANY - FEW)
    }

    #[test]
    fn next_to_no_system_call_for_a_packet() {
        let calls = system_calls("large") / PACKETS;
        assert!(calls <= 0.003, "{calls} system calls for each packet");
    }

    #[test]
    fn no_thread_and_no_descriptor_for_a_fixture() {
        let calls = system_calls("fixtures");
        assert!(calls <= 0.01, "{calls} system calls for each fixture, so it may start a thread or open something");
    }

    #[test]
    fn instructions_for_a_packet() {
        let instructions = instructions("large") / PACKETS;
        assert!(instructions <= 900.0, "{instructions} instructions for each packet of a 64 KiB heap");
    }

    #[test]
    fn instructions_for_a_small_heap() {
        let instructions = instructions("small");
        assert!(instructions <= 2700.0, "{instructions} instructions for each heap of 64 bytes");
    }

    /// Before there were orders, faults and taps it was 27,110: who uses none of them does not pay for them.
    #[test]
    fn instructions_for_a_fixture() {
        let instructions = instructions("fixtures");
        assert!(instructions <= 22_500.0, "{instructions} instructions for a harness, a heap through it, and its end");
    }

    /// Before, it was 5,970.
    #[test]
    fn instructions_for_a_heap_of_a_harness() {
        let instructions = instructions("harnessed");
        assert!(instructions <= 3_800.0, "{instructions} instructions for each heap of 64 bytes in a harness");
    }
}
