//! The queue, its readers and senders under a model checker; the README says how to run it.
//!
//! Knows what must be so whichever way threads take turns: what went in comes out once, and whoever waits is woken (else
//! everybody waits, which the checker reports). Must not know how the queue sees to it.

use std::{
    collections::HashSet,
    future::poll_fn,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
};

use bytes::Bytes;
use shuttle::{
    Config, Runner,
    future::block_on,
    scheduler::{PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId},
    thread::{self, JoinHandle},
};

use super::InprocQueue;
use crate::{
    heap::Heap,
    recv::{ReceivedHeap, RecvConfig},
    send::Packetizer,
    stream::{
        Entry, HeapRing, PacketSource, RecvError, RecvStream, SendConfig, SendError, SendStream, Taken, Waiters, Worker,
    },
    wire::Flavour,
};

/// Interleavings that each of two schedulers tries: one takes any thread at any time, the other (PCT) holds threads up in
/// a few places only, but for long.
const TRIES: usize = 10_000;
const SEED: u64 = 0x5EAD;

/// Runs a model over and over, and says how often.
fn check(name: &str, model: impl Fn() + Copy + Send + Sync + 'static) {
    let seen = Seen::default();
    let random = run(model, RandomScheduler::new_from_seed(SEED, TRIES), &seen);
    let held_up = run(model, PctScheduler::new_from_seed(SEED, 3, TRIES), &seen);
    println!("{name}: {} interleavings, {} different", random + held_up, seen.lock().len());
}

fn run(model: impl Fn() + Send + Sync + 'static, scheduler: impl Scheduler + 'static, seen: &Seen) -> usize {
    let mut config = Config::new();
    config.silence_warnings = true;
    Runner::new(Counting { scheduler, seen: seen.clone(), hash: DefaultHasher::new() }, config).run(model)
}

/// The interleavings there were, as hashes of whose turns they were made of.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<HashSet<u64>>>);

impl Seen {
    fn lock(&self) -> impl std::ops::DerefMut<Target = HashSet<u64>> + '_ {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts what another scheduler does.
struct Counting<S> {
    scheduler: S,
    seen: Seen,
    hash: DefaultHasher,
}

impl<S: Scheduler> Scheduler for Counting<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        let last = std::mem::take(&mut self.hash).finish();
        if last != DefaultHasher::new().finish() {
            self.seen.lock().insert(last);
        }
        self.scheduler.new_execution()
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, is_yielding: bool) -> Option<TaskId> {
        let next = self.scheduler.next_task(runnable, current, is_yielding)?;
        usize::from(next).hash(&mut self.hash);
        Some(next)
    }

    fn next_u64(&mut self) -> u64 {
        self.scheduler.next_u64()
    }
}

fn single(cnt: u64) -> Bytes {
    let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, cnt).build().expect("one item");
    Packetizer::new(&heap, cnt, 1472).expect("room").iter().next().expect("one packet")
}

fn stream(queue: &InprocQueue) -> RecvStream {
    let rx = RecvStream::new(RecvConfig::default()).expect("the defaults work");
    rx.add_inproc_reader(queue).expect("not started");
    rx
}

/// A thread that adds heaps with these cnts; gives those that went in.
fn adder(queue: &InprocQueue, cnts: std::ops::Range<u64>) -> JoinHandle<Vec<u64>> {
    let queue = queue.clone();
    thread::spawn(move || cnts.filter(|cnt| queue.add_packet(single(*cnt)).is_ok()).collect())
}

/// A thread that reads so many heaps or to the end, asking in this way; gives the cnts that came.
fn reader(
    rx: &RecvStream,
    next: impl Fn(&RecvStream) -> Result<ReceivedHeap, RecvError> + Send + 'static,
    heaps: usize,
) -> JoinHandle<Vec<u64>> {
    let rx = rx.clone();
    thread::spawn(move || std::iter::from_fn(|| next(&rx).ok()).take(heaps).map(|heap| heap.cnt().get()).collect())
}

/// One that holds the thread while it waits.
fn waiting(rx: &RecvStream) -> JoinHandle<Vec<u64>> {
    reader(rx, RecvStream::next_heap, usize::MAX)
}

/// One that is async.
fn awaiting(rx: &RecvStream) -> JoinHandle<Vec<u64>> {
    reader(rx, |rx| block_on(rx.next_heap_async()), usize::MAX)
}

/// A thread that reads so many heaps from a ring or to the end, asking in this way; gives the cnts that came.
fn from_ring(
    ring: &HeapRing,
    next: impl Fn(&HeapRing) -> Result<ReceivedHeap, RecvError> + Send + 'static,
    heaps: usize,
) -> JoinHandle<Vec<u64>> {
    let ring = ring.clone();
    thread::spawn(move || std::iter::from_fn(|| next(&ring).ok()).take(heaps).map(|heap| heap.cnt().get()).collect())
}

/// What came of some threads.
fn all(threads: impl IntoIterator<Item = JoinHandle<Vec<u64>>>) -> Vec<u64> {
    threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
}

fn assert_same(mut sent: Vec<u64>, mut received: Vec<u64>) {
    sent.sort_unstable();
    received.sort_unstable();
    assert_eq!(sent, received, "each once");
}

/// Two add, two read (one by waiting, one by `await`), one stops.
#[test]
fn model_a_stop_against_adding_and_taking() {
    check("a stop against adding and taking", || {
        let queue = InprocQueue::new();
        let readers = [waiting(&stream(&queue)), awaiting(&stream(&queue))];
        let adders = [adder(&queue, 1..3), adder(&queue, 11..13)];
        let stop = {
            let queue = queue.clone();
            thread::spawn(move || queue.stop())
        };
        let sent = all(adders);
        stop.join().expect("no panic");
        assert_same(sent, all(readers));
        assert!(queue.is_empty() && queue.add_packet("late").is_err());
    });
}

#[test]
fn model_many_adders_keep_their_own_order() {
    check("many adders", || {
        let queue = InprocQueue::new();
        let received = waiting(&stream(&queue));
        let adders = [adder(&queue, 1..3), adder(&queue, 11..13), adder(&queue, 21..23), adder(&queue, 31..33)];
        assert_eq!(all(adders).len(), 8, "nobody stops it");
        queue.stop();
        let received = all([received]);
        for first in [1, 11, 21, 31] {
            let of_one: Vec<_> = received.iter().filter(|cnt| (first..first + 2).contains(*cnt)).collect();
            assert_eq!(of_one, [&first, &(first + 1)]);
        }
        assert_eq!(received.len(), 8);
    });
}

/// Several threads read one stream, several streams one queue.
#[test]
fn model_several_receivers_share_a_queue() {
    check("several receivers", || {
        let queue = InprocQueue::new();
        let (a, b) = (stream(&queue), stream(&queue));
        let readers = [waiting(&a), awaiting(&a), waiting(&b), awaiting(&b)];
        let sent = all([adder(&queue, 1..5)]);
        queue.stop();
        assert_same(sent, all(readers));
        let ledgers = [a.ledger(), b.ledger()];
        assert_eq!(ledgers.iter().map(|ledger| ledger.received()).sum::<u64>(), queue.packets_put());
    });
}

/// A stream gives back what it has not read of a heap: another finds it, and is woken for it.
#[test]
fn model_what_is_put_back_is_not_lost() {
    check("putting back", || {
        let (queue, idle) = (InprocQueue::new(), InprocQueue::new());
        let config = SendConfig { max_packet_size: 64, ..SendConfig::default() };
        let tx = SendStream::new(&queue, config).expect("the settings work");
        let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![1; 40]).build().expect("one item");
        let packets = tx.send_heap(&heap).expect("not stopped").packets;
        let (a, b) = (stream(&queue), stream(&queue));
        // With two readers it takes a packet at a time, and holds the others.
        a.add_inproc_reader(&idle).expect("not started");
        let first = waiting(&a);
        let stop = {
            let a = a.clone();
            thread::spawn(move || a.stop())
        };
        let second = awaiting(&b);
        all([first]);
        stop.join().expect("no panic");
        queue.stop();
        all([second]);
        assert_eq!((a.ledger().received() + b.ledger().received(), queue.len()), (packets, 0));
    });
}

/// Nobody stops anything: the reader is woken by what is put back alone.
#[test]
fn model_what_is_put_back_wakes_a_reader() {
    check("putting back, and nothing else", || {
        let queue = InprocQueue::new();
        queue.add_packet(single(1)).expect("not stopped");
        let indecisive = {
            let queue = queue.clone();
            thread::spawn(move || {
                if let Taken::Entry(entry) = queue.take() {
                    queue.put_back(entry);
                }
            })
        };
        assert_eq!(all([reader(&stream(&queue), RecvStream::next_heap, 1)]), [1]);
        indecisive.join().expect("no panic");
    });
}

/// A reader waits from before there is anything to wait for: a late source wakes it, and the stop of the stream.
#[test]
fn model_a_waiting_reader_sees_what_becomes_of_its_stream() {
    check("a stream that changes", || {
        let queue = InprocQueue::new();
        queue.add_packet(single(1)).expect("not stopped");
        let config = RecvConfig { explicit_start: true, ..RecvConfig::default() };
        let rx = RecvStream::new(config).expect("the settings work");
        let readers = [waiting(&rx), awaiting(&rx)];
        let (other, added) = (rx.clone(), queue.clone());
        let starter = thread::spawn(move || {
            other.add_inproc_reader(&added).expect("not started");
            other.start();
        });
        starter.join().expect("no panic");
        let stop = {
            let rx = rx.clone();
            thread::spawn(move || rx.stop())
        };
        let received = all(readers);
        stop.join().expect("no panic");
        assert_eq!(received.len() + queue.len(), 1, "read, or still there");
    });
}

/// A receive that was begun and given up takes nothing with it: neither a heap nor the wake-up of somebody else.
#[test]
fn model_a_cancelled_receive_loses_nothing() {
    check("a cancelled receive", || {
        let queue = InprocQueue::new();
        let rx = stream(&queue);
        let fickle = {
            let rx = rx.clone();
            thread::spawn(move || {
                let mut received = Vec::new();
                for _ in 0..2 {
                    let mut next = pin!(rx.next_heap_async());
                    let once = poll_fn(|context| Poll::Ready(next.as_mut().poll(context)));
                    if let Poll::Ready(Ok(heap)) = block_on(once) {
                        received.push(heap.cnt().get());
                    }
                    thread::yield_now();
                }
                received
            })
        };
        let steady = awaiting(&rx);
        let sent = all([adder(&queue, 1..4)]);
        queue.stop();
        assert_same(sent, all([fickle, steady]));
    });
}

/// Two threads share a stream that may have one heap under way, while the queue is stopped.
#[test]
fn model_a_shared_sender_and_a_stop() {
    check("a shared sender", || {
        let queue = InprocQueue::new();
        let received = waiting(&stream(&queue));
        let config = SendConfig { max_heaps: 1, rate: 1e300, ..SendConfig::default() };
        let tx = SendStream::new(&queue, config).expect("the settings work");
        let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 1).build().expect("one item");
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let (tx, heap) = (tx.clone(), heap.clone());
                thread::spawn(move || {
                    let mut sent = Vec::new();
                    for _ in 0..2 {
                        match tx.send_heap(&heap) {
                            Ok(one) => sent.push(one.cnt.get()),
                            Err(SendError::Full { .. } | SendError::Stopped { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                    sent
                })
            })
            .collect();
        let stop = {
            let queue = queue.clone();
            thread::spawn(move || queue.stop())
        };
        let sent = all(senders);
        stop.join().expect("no panic");
        assert_same(sent, all([received]));
        assert_eq!(tx.in_flight(), 0);
    });
}

/// Two workers, a ring with room for one heap, two who read it (one by waiting, one by `await`).
#[test]
fn model_workers_and_a_ring() {
    check("workers and a ring", || {
        let queues = [InprocQueue::new(), InprocQueue::new()];
        let streams = queues.each_ref().map(stream);
        let ring = HeapRing::new(1).expect("room");
        let workers = streams.each_ref().map(|rx| rx.read_into(&ring).expect("not over"));
        let readers = [
            from_ring(&ring, HeapRing::next_heap, usize::MAX),
            from_ring(&ring, |ring| block_on(ring.next_heap_async()), usize::MAX),
        ];
        let sent = all([adder(&queues[0], 1..3), adder(&queues[1], 11..13)]);
        queues.iter().for_each(InprocQueue::stop);
        workers.into_iter().for_each(|worker| worker.join().expect("not watched"));
        assert_same(sent, all(readers));
    });
}

/// A worker is ended while the ring is full, or empty, or its readers are gone: that returns, and no heap is lost.
fn end_of_a_worker(name: &str, end: fn(Worker)) {
    check(name, move || {
        let queue = InprocQueue::new();
        let rx = stream(&queue);
        let ring = HeapRing::new(1).expect("room");
        let worker = rx.read_into(&ring).expect("not over");
        let some = from_ring(&ring, HeapRing::next_heap, 1);
        let adders = adder(&queue, 1..4);
        end(worker);
        let mut received = all([some]);
        let sent = all([adders]);
        received.extend(std::iter::from_fn(|| ring.next_heap().ok()).map(|heap| heap.cnt().get()));
        received.extend(rx.heaps().map(|heap| heap.expect("not watched").cnt().get()));
        let left = stream(&queue);
        queue.stop();
        received.extend(all([waiting(&left)]));
        assert_same(sent, received);
        assert!(ring.next_heap().is_err() && rx.read_into(&ring).is_err());
    });
}

#[test]
fn model_a_stop_of_a_full_ring() {
    end_of_a_worker("a stop of a full ring", Worker::stop);
}

#[test]
fn model_a_worker_that_is_dropped() {
    end_of_a_worker("a worker that is dropped", drop);
}

/// The ring is stopped by somebody else while its worker waits for packets, or for room.
#[test]
fn model_a_ring_that_is_stopped_lets_its_worker_go() {
    check("a ring that is stopped", || {
        let queue = InprocQueue::new();
        let rx = stream(&queue);
        let ring = HeapRing::new(1).expect("room");
        let worker = rx.read_into(&ring).expect("not over");
        let stop = {
            let ring = ring.clone();
            thread::spawn(move || ring.stop())
        };
        let sent = all([adder(&queue, 1..3)]);
        worker.join().expect("not watched");
        stop.join().expect("no panic");
        let mut received: Vec<_> = std::iter::from_fn(|| ring.next_heap().ok()).map(|heap| heap.cnt().get()).collect();
        queue.stop();
        received.extend(rx.heaps().map(|heap| heap.expect("not watched").cnt().get()));
        assert_same(sent, received);
    });
}

/// A source that wakes its readers before it has what they wait for.
#[derive(Debug, Default)]
struct Hasty {
    packets: shuttle::sync::Mutex<Vec<Bytes>>,
    waiters: Waiters,
}

impl Hasty {
    fn add(&self, packet: Bytes) {
        self.waiters.notify();
        self.packets.lock().expect("no panic").push(packet);
    }
}

impl PacketSource for Hasty {
    fn take(&self) -> Taken {
        self.packets.lock().expect("no panic").pop().map_or(Taken::Empty, |packet| Taken::Entry(packet.into()))
    }

    fn put_back(&self, _: Entry) {}

    fn waiters(&self) -> &Waiters {
        &self.waiters
    }
}

/// That the checker sees what it is here to see.
#[test]
#[should_panic(expected = "deadlock")]
fn model_a_lost_wake_up_is_found() {
    check("a lost wake-up", || {
        let source = Arc::new(Hasty::default());
        let rx = RecvStream::new(RecvConfig::default()).expect("the defaults work");
        rx.add_reader(Arc::clone(&source) as Arc<dyn PacketSource>).expect("not started");
        let received = reader(&rx, RecvStream::next_heap, 1);
        source.add(single(1));
        assert_eq!(all([received]), [1]);
    });
}
