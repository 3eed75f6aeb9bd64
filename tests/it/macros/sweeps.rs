//! `seeds` and `exhaustive`: one test in many orders, wherever a test can stand.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use rstest::rstest;
use spead_inproc::{
    Descriptor, Flavour, Harness, Heap, ItemGroup, RecvStream, SendStream, Value,
    harness::{Descriptors, Faults, Order, Select, Tolerance, WireView},
    spead_test,
};

use super::heap;

/// The orders that were seen, each once.
struct Orders(Mutex<BTreeSet<String>>);

impl Orders {
    const fn new() -> Self {
        Self(Mutex::new(BTreeSet::new()))
    }

    /// How many there are with this one.
    fn see(&self, rx: &RecvStream) -> usize {
        let order: String = rx.wire_view().lines().map(|line| line.as_bytes()[7] as char).collect();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(order);
        seen.len()
    }
}

fn send(tx: &[SendStream; 2], heaps: usize) {
    for heap_of in 0..heaps {
        for tx in tx {
            tx.send_heap(&heap(8 + heap_of)).unwrap();
        }
    }
}

/// The snapshot is the same in every order, and holds the heaps by sender.
#[spead_test(seeds = 0..16)]
fn seeds(tx: [SendStream; 2], rx: RecvStream) {
    static ORDERS: Orders = Orders::new();
    send(&tx, 2);
    assert_eq!(rx.collect().unwrap().len(), 4);
    assert!(ORDERS.see(&rx) <= 6);
    insta::assert_snapshot!(tx.len(), @"2");
}

#[spead_test(exhaustive = 6)]
fn all_orders(tx: [SendStream; 2], rx: RecvStream) -> Result<(), Box<dyn std::error::Error>> {
    static ORDERS: Orders = Orders::new();
    static RUNS: Mutex<usize> = Mutex::new(0);
    send(&tx, 2);
    rx.collect()?;
    *RUNS.lock()? += 1;
    assert_eq!(ORDERS.see(&rx), *RUNS.lock()?);
    Ok(())
}

/// Values of a case can be used up by every run.
#[spead_test(exhaustive = most, name = format!("{}-heaps", lengths.len()))]
#[rstest]
#[case::two(2, vec![8])]
#[case::six(6, vec![8, 12])]
fn above(#[case] most: usize, #[case] mut lengths: Vec<usize>, tx: [SendStream; 2]) {
    lengths.push(16);
    lengths.pop();
    for length in lengths {
        for tx in &tx {
            tx.send_heap(&heap(length)).unwrap();
        }
    }
    assert!(most <= 6);
    insta::assert_snapshot!(format!("at most {most}"));
}

#[rstest]
#[case::two(2)]
#[case::three(3)]
#[spead_test(seeds = [3, 17, 4])]
fn below(#[case] heaps: usize, #[ignore] tx: [SendStream; 2]) {
    send(&tx, heaps);
}

#[spead_test(seeds = 1..=8)]
#[tokio::test]
async fn asynchronous(tx: [SendStream; 2], rx: RecvStream) {
    send(&tx, 1);
    tokio::task::yield_now().await;
    rx.next_heap_async().await.unwrap();
    insta::assert_snapshot!(tx.len(), @"2");
}

#[spead_test(exhaustive = 2)]
#[rstest]
#[case::short(vec![8])]
#[case::long(vec![1000])]
#[tokio::test(flavor = "multi_thread")]
async fn asynchronous_above(#[case] lengths: Vec<usize>, tx: [SendStream; 2], rx: RecvStream) -> Result<(), String> {
    for length in lengths {
        for tx in &tx {
            tx.send_heap_async(&heap(length)).await.map_err(|error| error.to_string())?;
        }
    }
    rx.next_heap_async().await.map_err(|error| error.to_string())?;
    Ok(())
}

/// Has no `Clone`.
struct Length(usize);

/// Keys take what the body does not use, or uses too; what nobody copies need not be copied.
#[spead_test(seeds = 0..4, faults = plan, descriptors = policy, max_heaps = len, packet_size = bytes.0, snapshot = false)]
#[rstest]
#[case(Faults::new(), Descriptors::default(), 4, Length(1472), "text".to_owned())]
fn keys_take_values(
    #[case] plan: Faults,
    #[case] policy: Descriptors,
    #[case] len: usize,
    #[case] bytes: Length,
    #[case] text: String,
    tx: [SendStream; 2],
    rx: RecvStream,
) {
    send(&tx, 2);
    assert_eq!(policy, Descriptors::default(), "{text}");
    assert_eq!(rx.collect().unwrap().len(), 4);
}

#[spead_test(seeds = 0..4, faults = plan, snapshot = false)]
#[rstest]
#[case(Faults::new(), "text".to_owned())]
#[tokio::test]
async fn keys_take_values_asynchronously(
    #[case] plan: Faults,
    #[case] text: String,
    tx: [SendStream; 2],
    rx: RecvStream,
) {
    send(&tx, 2);
    assert_eq!(format!("{text}"), "text");
    rx.next_heap_async().await.unwrap();
}

/// What a failure prints is what the attribute takes.
#[spead_test(
    order = Order::script([(1, 0, 0), (1, 1, 0)]),
    faults = Faults::new()
        .drop("loss", Select::all().senders([0]).heaps([1]).packets([0])),
    snapshot = false
)]
fn pasted(tx: [SendStream; 2], rx: RecvStream) {
    send(&tx, 2);
    let cnts: Vec<u64> = rx.collect().unwrap().iter().map(|heap| heap.cnt().get()).collect();
    assert_eq!(cnts, [2, 4, 1]);
}

/// Some order panics: that is enough.
#[spead_test(exhaustive = 6)]
#[should_panic(expected = "sender 1 was first")]
fn some_order_panics(tx: [SendStream; 2], rx: RecvStream) {
    send(&tx, 2);
    assert!(rx.next_heap().unwrap().cnt() != 2, "sender 1 was first");
}

/// With chances in the plan each seed drops something else.
#[spead_test(seeds = 0..32, faults = Faults::new().drop("loss", Select::all().chance(0.5, 1)), snapshot = false)]
fn chances_follow_the_seed(harness: Harness) {
    static LOST: Mutex<BTreeSet<Vec<u64>>> = Mutex::new(BTreeSet::new());
    static RUNS: Mutex<usize> = Mutex::new(0);
    for _ in 0..8 {
        harness.sender(0).send_heap(&heap(8)).unwrap();
    }
    let lost = harness.faults_done().iter().map(|done| done.heap).collect();
    let mut lists = LOST.lock().unwrap();
    lists.insert(lost);
    let mut runs = RUNS.lock().unwrap();
    *runs += 1;
    assert!(lists.len() * 2 >= *runs, "{} of {runs} plans are different", lists.len());
}

/// What changes from run to run by itself: so many runs there were.
fn another(runs: &AtomicU64) -> u64 {
    runs.fetch_add(1, Relaxed)
}

/// A filter holds between runs as it does for the snapshot.
#[spead_test(seeds = 0..4, settings = without_values())]
fn runs_are_compared_after_filters(tx: SendStream) {
    static RUNS: AtomicU64 = AtomicU64::new(5);
    let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, another(&RUNS)).build().unwrap();
    tx.send_heap(&heap).unwrap();
}

fn without_values() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"u48 = \d+", "u48 = [value]");
    settings
}

/// And so does a tolerance.
#[spead_test(seeds = 0..4, config = Harness::builder().tolerance("gain", Tolerance::Absolute(0.5)))]
fn runs_are_compared_within_tolerances(tx: SendStream) {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let mut group = ItemGroup::new(Flavour::SPEAD_64_48);
    let gain = 1.0 + 0.1 * another(&RUNS) as f64;
    group.add(Descriptor::new(0x5000, "gain", "").dtype("<f8"), Value::from(gain)).unwrap();
    tx.send_heap(&group.heap().unwrap()).unwrap();
}
