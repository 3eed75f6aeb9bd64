//! Many threads on one queue. `spead-inproc/src/inproc/model.rs` tries the same, smaller, in every order it can think of.

use std::{any::Any, thread};

use spead_inproc::{
    Fate, Flavour, Harness, Heap, InprocQueue, RecvConfig, RecvError, RecvStream, SendConfig, SendError, SendStream,
    stream::{HeapRing, Io, RingError, ThreadPool},
};

use crate::patience::in_time;

fn heap(len: usize) -> Heap {
    Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![7; len]).build().unwrap()
}

fn receiver(queue: &InprocQueue) -> RecvStream {
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_inproc_reader(queue).unwrap();
    rx
}

/// A sender, one of several that do not get in each other's way.
fn sender(queue: &InprocQueue, at: u64, of: u64) -> SendStream {
    let tx = SendStream::new(queue, SendConfig::default()).unwrap();
    tx.set_cnt_sequence(at, of).unwrap();
    tx
}

/// The cnts of the heaps still to come.
fn cnts(rx: &RecvStream) -> Vec<u64> {
    rx.heaps().map(|heap| heap.unwrap().cnt().get()).collect()
}

fn assert_each_once(mut cnts: Vec<u64>, expected: std::ops::Range<u64>) {
    cnts.sort_unstable();
    assert!(cnts.iter().copied().eq(expected.clone()), "{} heaps of {expected:?}, some lost or twice", cnts.len());
}

/// What `cargo bench --bench inproc -- --cases stress` does with a million heaps.
#[test]
fn eight_senders_and_four_receivers_each_heap_once_and_the_books_balance() {
    const SENDERS: u64 = 8;
    const HEAPS: u64 = 20_000;
    let queue = InprocQueue::new();
    let receivers: Vec<_> = (0..4).map(|_| receiver(&queue)).collect();
    let received = in_time({
        let (queue, receivers) = (queue.clone(), receivers.clone());
        move || {
            thread::scope(|scope| {
                let receiving: Vec<_> = receivers.iter().map(|rx| scope.spawn(|| cnts(rx))).collect();
                let pool = ThreadPool::new(2).unwrap();
                let sending: Vec<_> = (0..SENDERS)
                    .map(|at| {
                        // Half of them by way of a pool.
                        let io = if at % 2 == 0 { Io::caller() } else { Io::from(&pool) };
                        let tx = sender(&queue, at, SENDERS).with_io(io);
                        scope.spawn(move || (0..HEAPS / SENDERS).for_each(|_| _ = tx.send_heap(&heap(100)).unwrap()))
                    })
                    .collect();
                sending.into_iter().for_each(|sender| sender.join().unwrap());
                queue.stop();
                receiving.into_iter().flat_map(|receiver| receiver.join().unwrap()).collect()
            })
        }
    });
    assert_each_once(received, 0..HEAPS);
    let ledgers: Vec<_> = receivers.iter().map(RecvStream::ledger).collect();
    for ledger in &ledgers {
        assert_eq!(ledger.of(Fate::Used), ledger.received(), "every packet is used\n{ledger}");
    }
    let packets: u64 = ledgers.iter().map(|ledger| ledger.received()).sum();
    assert_eq!((packets, queue.packets_put(), queue.len()), (HEAPS, HEAPS, 0));
}

#[test]
fn threads_may_share_a_stream() {
    let queue = InprocQueue::new();
    let pool = ThreadPool::new(2).unwrap();
    for tx in [sender(&queue, 1, 1), sender(&queue, 1, 1).with_io(&pool)] {
        let before = queue.len();
        let (sent, tx) = in_time(move || {
            let sent: usize = thread::scope(|scope| {
                let send = || {
                    let is_sent = |sent| match sent {
                        Ok(_) => true,
                        Err(SendError::Full { .. }) => false,
                        Err(error) => panic!("{error}"),
                    };
                    (0..50).filter(|_| is_sent(tx.send_heap(&heap(10)))).count()
                };
                let senders: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
                senders.into_iter().map(|sender| sender.join().unwrap()).sum()
            });
            (sent, tx)
        });
        assert_eq!((queue.len() - before, tx.in_flight()), (sent, 0), "those that were refused sent nothing");
        assert_eq!(tx.send_heap(&heap(10)).unwrap().cnt, sent as u64 + 1, "and used up no cnt");
    }
}

#[test]
fn stopping_while_others_send_loses_nothing_that_went_in() {
    let (sent, received) = in_time(|| {
        let queue = InprocQueue::new();
        thread::scope(|scope| {
            let send = |tx: SendStream| {
                let mut sent = Vec::new();
                loop {
                    match tx.send_heap(&heap(10)) {
                        Ok(one) => sent.push(one.cnt.get()),
                        Err(SendError::Stopped { packets: 1, refused: 1 }) => return sent,
                        Err(error) => panic!("{error}"),
                    }
                }
            };
            let senders: Vec<_> = (0..4)
                .map(|at| {
                    let tx = sender(&queue, at, 4);
                    scope.spawn(move || send(tx))
                })
                .collect();
            let rx = receiver(&queue);
            let mut received = vec![rx.next_heap().unwrap().cnt().get()];
            queue.stop();
            received.extend(cnts(&rx));
            let sent: Vec<_> = senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();
            (sent, received)
        })
    });
    let sorted = |mut cnts: Vec<u64>| {
        cnts.sort_unstable();
        cnts
    };
    assert_eq!(sorted(sent), sorted(received));
}

#[test]
fn workers_fill_a_ring_that_several_read() {
    const HEAPS: u64 = 5000;
    let received = in_time(|| {
        let queues = [InprocQueue::new(), InprocQueue::new()];
        let streams = queues.each_ref().map(receiver);
        let ring = HeapRing::new(3).unwrap();
        let workers = streams.each_ref().map(|rx| rx.read_into(&ring).unwrap());
        let received: Vec<u64> = thread::scope(|scope| {
            let read = || std::iter::from_fn(|| ring.next_heap().ok()).map(|heap| heap.cnt().get()).collect::<Vec<_>>();
            let readers: Vec<_> = (0..3).map(|_| scope.spawn(read)).collect();
            let senders = [0, 1].map(|at| {
                let tx = sender(&queues[at], at as u64, 2);
                scope.spawn(move || (0..HEAPS / 2).for_each(|_| _ = tx.send_heap(&heap(10)).unwrap()))
            });
            senders.into_iter().for_each(|sender| sender.join().unwrap());
            queues.iter().for_each(InprocQueue::stop);
            readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
        });
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        received
    });
    assert_each_once(received, 0..HEAPS);
}

/// Wherever a heap is when the ring is stopped, it is there once.
#[test]
fn a_ring_that_is_stopped_midway_loses_nothing() {
    let sent: u64 = 2000;
    let everywhere = in_time(move || {
        let queue = InprocQueue::new();
        let tx = sender(&queue, 0, 1);
        (0..sent).for_each(|_| _ = tx.send_heap(&heap(10)).unwrap());
        let streams = [receiver(&queue), receiver(&queue)];
        let ring = HeapRing::new(2).unwrap();
        let [first, second] = streams.each_ref().map(|rx| rx.read_into(&ring).unwrap());
        let mut everywhere: Vec<u64> = (0..500).map(|_| ring.next_heap().unwrap().cnt().get()).collect();
        first.stop();
        drop(second);
        assert!(matches!(streams[0].read_into(&ring), Err(RingError::Over)));
        everywhere.extend(std::iter::from_fn(|| ring.next_heap().ok()).map(|heap| heap.cnt().get()));
        everywhere.extend(streams.iter().flat_map(cnts));
        queue.stop();
        everywhere.extend(cnts(&receiver(&queue)));
        everywhere
    });
    assert_each_once(everywhere, 0..sent);
}

#[test]
fn a_worker_that_is_dropped_lets_the_others_go_on() {
    in_time(|| {
        let (idle, busy) = (InprocQueue::new(), InprocQueue::new());
        let ring = HeapRing::new(1).unwrap();
        let [dropped, joined] = [&idle, &busy].map(|queue| receiver(queue).read_into(&ring).unwrap());
        drop(dropped);
        let tx = sender(&busy, 1, 1);
        (0..3).for_each(|_| _ = tx.send_heap(&heap(10)).unwrap());
        busy.stop();
        for cnt in 1..=3 {
            assert_eq!(ring.next_heap().unwrap().cnt(), cnt);
        }
        joined.join().unwrap();
        assert!(matches!(ring.next_heap(), Err(RecvError::Stopped)));
    });
}

/// In a harness, nobody waits for a ring for ever: neither who reads it, in whatever way, nor who waits for its worker.
#[test]
fn a_ring_of_a_harness_is_watched() {
    let timeout = std::time::Duration::from_millis(1);
    let harness = Harness::builder().threads().timeout(timeout).build().unwrap();
    let ring = HeapRing::new(1).unwrap();
    let worker = harness.receiver().read_into(&ring).unwrap();
    let starved = move |error: RecvError| match error {
        RecvError::Starved(starved) => assert_eq!(starved.waited, timeout),
        error => panic!("{error}"),
    };
    in_time(move || {
        starved(ring.next_heap().unwrap_err());
        starved(smol::future::block_on(ring.next_heap_async()).unwrap_err());
        starved(worker.join().unwrap_err());
        assert!(matches!(ring.next_heap(), Err(RecvError::Stopped)), "the worker was stopped");
    });
}

/// What was to go into a ring is in the report once, also what found no room there and was read by other means.
#[test]
fn a_harness_sees_each_heap_of_a_ring_once() {
    let harness = Harness::builder().max_heaps(8).build().unwrap();
    (0..5).for_each(|_| _ = harness.sender(0).send_heap(&heap(10)).unwrap());
    let (rx, ring) = (harness.receiver(), HeapRing::new(2).unwrap());
    let mut reading = Box::pin(rx.read_into_async(&ring).unwrap());
    assert!(smol::future::block_on(smol::future::poll_once(&mut reading)).is_none());
    assert_eq!((ring.len(), rx.stats().worker_blocked), (2, 1));
    drop(reading);
    assert_eq!(rx.next_heap().unwrap().cnt(), 3);
    let report = harness.finish().to_string();
    for cnt in 1..=5 {
        assert_eq!(report.matches(&format!("heap 0x{cnt} ")).count(), 1, "{report}");
    }
}

/// Pool, queue, sender, receiver, worker and ring go in every order while heaps are under way.
#[test]
fn any_end_may_go_first() {
    const ENDS: usize = 6;
    for order in 0..(1..=ENDS).product() {
        in_time(move || {
            let (pool, queue) = (ThreadPool::new(1).unwrap(), InprocQueue::new());
            let config = SendConfig { max_heaps: 20, ..SendConfig::default() };
            let tx = SendStream::new(&queue, config).unwrap().with_io(&pool);
            let rx = receiver(&queue);
            let ring = HeapRing::new(2).unwrap();
            let worker = rx.read_into(&ring).unwrap();
            (0..20).for_each(|_| drop(tx.send_heap_async(&heap(3000))));
            let mut ends: Vec<Box<dyn Any>> =
                vec![Box::new(pool), Box::new(queue), Box::new(tx), Box::new(rx), Box::new(worker), Box::new(ring)];
            // The digits of the number say which of those that are left goes next.
            let mut rest = order;
            while !ends.is_empty() {
                let next = rest % ends.len();
                rest /= ends.len();
                drop(ends.remove(next));
            }
        });
    }
}
