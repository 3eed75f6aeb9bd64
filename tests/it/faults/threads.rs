//! Senders on threads of their own: what the plan says still holds, packet by packet.

use std::{collections::BTreeMap, thread};

use spead_inproc::{
    Harness, SendStream,
    harness::{Faults, Order, Select},
    spead_test,
};

use super::{PACKET, heap};

const HEAPS: u64 = 200;

fn lossy() -> Faults {
    Faults::new().drop("lost", Select::all().chance(0.05, 3)).duplicate("twice", Select::all().chance(0.05, 4)).delay(
        "late",
        Select::all().chance(0.05, 5),
        3,
    )
}

fn send_all(senders: Vec<SendStream>) {
    let threads: Vec<_> = (senders.into_iter().enumerate())
        .map(|(at, tx)| {
            thread::spawn(move || {
                for time in 0..HEAPS {
                    tx.send_heap(heap(at, time, 3).repeat_pointers()).unwrap();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// While they send, the receiver reads; the acts are those of a run on one thread.
#[spead_test(
    senders = 4, threads = true, faults = lossy(), order = Order::round_robin(), packet_size = PACKET,
    max_heaps = 100, out_of_order = true, snapshot = false
)]
fn the_plan_does_not_depend_on_threads(tx: Vec<SendStream>, harness: Harness) {
    let reader = {
        let rx = harness.receiver().clone();
        thread::spawn(move || rx.heaps().filter_map(Result::ok).count())
    };
    send_all(tx);
    harness.stop();
    let read = reader.join().unwrap();
    let threaded = acts(&harness);

    let builder = Harness::builder().senders(4).packet_size(PACKET).max_heaps(100).out_of_order();
    let alone = builder.faults(lossy()).build().unwrap();
    for sender in 0..4 {
        for time in 0..HEAPS {
            alone.sender(sender).send_heap(heap(sender, time, 3).repeat_pointers()).unwrap();
        }
    }
    assert_eq!(threaded, acts(&alone));
    let expected = alone.expected(0x1600, 0x4101);
    let there = expected.rows().into_iter().flatten().filter(|there| *there).count();
    assert_eq!(read, there);
    assert_eq!(harness.expected(0x1600, 0x4101), expected);
    let total = harness.finish().receivers[0].ledger.total();
    assert_eq!(total.live(), 0);
}

/// What was done to each packet, by sender, heap and packet.
fn acts(harness: &Harness) -> BTreeMap<(usize, u64, u32), String> {
    harness.faults_done().iter().map(|done| ((done.sender, done.heap, done.packet), done.rule.to_string())).collect()
}
