//! One heap at a time: what a test pays for its fixture, and how long a heap takes.

use std::thread;

use spead_inproc::{
    Descriptor, Flavour, Harness, Heap, InprocQueue, ItemGroup, RecvConfig, RecvStream, SendConfig, SendStream, Value,
};

use crate::{
    Outcome,
    grid::{DATA, drain, heap},
    options::{Case, Options},
    record::{Output, Record},
    timing::{Times, timed},
};

/// Measures on whichever CPUs the system chooses, then bound to one, which spares the peer its cross-CPU wake-ups.
pub(crate) fn on_all_and_one_cpu(mut measure: impl FnMut(&str) -> Outcome + Send) -> Outcome {
    measure("all")?;
    // In a thread of its own, so that nothing needs to be unbound.
    let bound = || {
        let cpu = core_affinity::get_core_ids().and_then(|cpus| cpus.into_iter().next());
        if !cpu.is_some_and(core_affinity::set_for_current) {
            eprintln!("inproc: cannot bind to one CPU here; cases with \"cpus\": \"one\" are left out");
            return Ok(());
        }
        measure("one").map_err(|error| error.to_string())
    };
    thread::scope(|scope| scope.spawn(bound).join().expect("the measurement does not panic"))?;
    Ok(())
}

/// Everything that a test needs built, one heap with one 8-byte item sent and received, and everything dropped.
pub(crate) fn fixture(cpus: &str, options: &Options, output: &mut Output) -> Outcome {
    let cycles = 200 * options.reps;
    for (variant, cycle) in [("raw", raw as fn()), ("item_group", item_group)] {
        let mut times = Times::default();
        for _ in 0..cycles {
            times.push(timed(cycle).0);
        }
        output.write(&single(Case::Fixture, cpus, &times).with("variant", variant));
    }
    Ok(())
}

fn raw() {
    let harness = Harness::builder().build().expect("the defaults work");
    let heap = Heap::builder(Flavour::SPEAD_64_48).item(DATA, 42_u64.to_be_bytes().to_vec()).build().expect("one item");
    harness.sender(0).send_heap(&heap).expect("the queue is open");
    let received = harness.receiver().next_heap().expect("it was sent");
    assert_eq!(received.item(DATA).and_then(|item| item.as_unsigned()), Some(42), "wrong data");
}

/// The same with a descriptor that goes along, and a value.
fn item_group() {
    let harness = Harness::builder().build().expect("the defaults work");
    let mut sent = ItemGroup::new(Flavour::SPEAD_64_48);
    let described = Descriptor::new(DATA, "x", "").format("u64");
    sent.add(described, Value::from(42_u64)).expect("a good descriptor");
    harness.sender(0).send_heap(&sent.heap().expect("the value fits")).expect("the queue is open");
    let mut received = ItemGroup::new(Flavour::SPEAD_64_48);
    received.update(&harness.receiver().next_heap().expect("it was sent")).expect("what was sent is understood");
    assert_eq!(received["x"].value().and_then(Value::as_u64), Some(42), "wrong data");
}

/// From `send_heap` to `next_heap`, over and over on one stream.
pub(crate) fn latency(cpus: &str, options: &Options, output: &mut Output) -> Outcome {
    const WARM_UP: usize = 500;
    for payload in [8, 64, 1024] {
        let heap = heap(payload);
        let queue = InprocQueue::new();
        let tx = SendStream::new(&queue, SendConfig::default())?;
        let rx = RecvStream::new(RecvConfig::default())?;
        rx.add_inproc_reader(&queue)?;
        let mut times = Times::default();
        for cycle in 0..WARM_UP + 600 * options.reps {
            let (time, ()) = timed(|| {
                tx.send_heap(&heap).expect("the queue is open");
                drain(&rx, 1, payload);
            });
            if cycle >= WARM_UP {
                times.push(time);
            }
        }
        output.write(&single(Case::Latency, cpus, &times).with("payload", payload));
    }
    Ok(())
}

fn single(case: Case, cpus: &str, times: &Times) -> Record {
    Record::new(case.name())
        .with("cpus", cpus)
        .with("n", times.len())
        .figure("us", times.median() * 1e6)
        .figure("us_p10", times.quantile(0.1) * 1e6)
        .figure("us_p90", times.quantile(0.9) * 1e6)
}
