//! Sending as production does: many heaps under way, waited for later or not at all.

use std::{
    pin::pin,
    sync::{Arc, Mutex, mpsc},
    task::{Context, Poll, Waker},
    time::Duration,
};

use spead_inproc::{
    Flavour, GroupMode, Harness, Heap, InprocQueue, RecvConfig, RecvError, RecvStream, SendConfig, SendError,
    SendStream, Sent,
    harness::Lint,
    heap::Origin,
    stream::{Entry, InFlight, PacketSink, Refused, Stepper, ThreadPool, VirtualClock},
    wire::Packet,
};
use support::queue::drain;

use crate::patience::in_time;

pub(crate) fn heap(len: usize) -> Heap {
    Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![7; len]).build().unwrap()
}

/// A heap of so many packets of at most 72 bytes.
fn of_packets(packets: usize) -> Heap {
    heap(packets * 32 - 16)
}

fn stepped() -> (Stepper, InprocQueue, SendStream) {
    let (stepper, queue) = (Stepper::new(), InprocQueue::new());
    let config = SendConfig { max_packet_size: 72, ..SendConfig::default() };
    let tx = SendStream::new(&queue, config).unwrap().with_io(&stepper);
    (stepper, queue, tx)
}

/// What a future has come to, without waiting.
fn now<T>(future: &mut InFlight<T>) -> Option<Result<T, SendError>> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

fn done<T>(mut future: InFlight<T>) -> Result<T, SendError> {
    now(&mut future).expect("it is done")
}

fn is_static(future: impl Future + Send + 'static) {
    drop(future);
}

/// The heap cnts of all packets in a queue.
fn cnts(queue: &InprocQueue) -> Vec<u64> {
    drain(queue).iter().map(|packet| Packet::parse(packet).unwrap().cnt().get()).collect()
}

#[test]
fn five_heaps_with_a_limit_of_four() {
    let (stepper, queue, tx) = stepped();
    let heaps: Vec<_> = (1..=5).map(of_packets).collect();
    let mut sent: Vec<_> = heaps[..4].iter().map(|heap| tx.send_heap_async(heap)).collect();
    assert_eq!((tx.in_flight(), queue.len()), (4, 0), "nothing moves until somebody steps");
    match done(tx.send_heap_async(&heaps[4])).unwrap_err() {
        SendError::Full { max_heaps: 4, in_flight: 4, place: 0, heap } => assert_eq!(heap, heaps[4]),
        error => panic!("{error}"),
    }
    // The slot is free when the heap is sent, which is when its future knows.
    assert!(sent.iter_mut().all(|sent| now(sent).is_none()));
    assert!(stepper.step());
    assert_eq!((tx.in_flight(), queue.len()), (3, 1));
    assert_eq!(now(&mut sent[0]).unwrap().unwrap().cnt, 1);
    // The stream is usable afterwards, and the refused call used up no cnt.
    sent.push(tx.send_heap_async(&heaps[4]));
    for (at, packets) in [(1, 2), (2, 3), (3, 4), (4, 5)] {
        for packet in 1..=packets {
            assert!(sent[at..].iter_mut().all(|sent| now(sent).is_none()), "before packet {packet} of heap {at}");
            assert!(stepper.step());
        }
        let sent = now(&mut sent[at]).expect("in order").unwrap();
        assert_eq!((sent.cnt.get(), sent.packets), (at as u64 + 1, packets));
    }
    assert!(!stepper.step());
    assert_eq!((tx.in_flight(), queue.len()), (0, 15));
    assert_eq!(cnts(&queue), [1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5]);
}

#[test]
fn a_group_counts_per_heap_and_is_all_or_nothing() {
    let (stepper, queue, tx) = stepped();
    let (one, two) = (of_packets(1), of_packets(2));
    let first = tx.send_heaps_async(&[(&two).into(), (&one).into(), (&two).into()], GroupMode::RoundRobin);
    assert_eq!(tx.in_flight(), 3);
    let refused = done(tx.send_heaps_async(&[(&one).into(), (&two).into()], GroupMode::Serial)).unwrap_err();
    assert!(matches!(refused, SendError::Full { max_heaps: 4, in_flight: 3, place: 1, .. }), "{refused}");
    assert_eq!(tx.in_flight(), 3, "not even the heap that had room");
    let empty = done(tx.send_heaps_async(&[], GroupMode::Serial)).unwrap_err();
    assert_eq!(empty, SendError::EmptyGroup);
    // The first failing check of the first failing heap decides.
    let wrong = done(tx.send_heaps_async(&[one.on_substream(3), (&one).into()], GroupMode::Serial)).unwrap_err();
    assert_eq!(wrong, SendError::Substream { substream: 3, substreams: 1 });
    let large = done(tx.send_heaps_async(&[one.with_cnt(u64::MAX), (&one).into()], GroupMode::Serial)).unwrap_err();
    assert!(matches!(large, SendError::Cnt(_)), "{large}");
    let rate = done(tx.send_heap_async(one.with_rate(-1.0))).unwrap_err();
    assert_eq!(rate, SendError::Rate { rate: -1.0 });

    assert_eq!(stepper.run_until_idle(), 5);
    let group = done(first).unwrap();
    assert_eq!(group.cnts.iter().map(|cnt| cnt.get()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(cnts(&queue), [1, 2, 3, 1, 3]);
    // No refused call has used up a cnt.
    let next = tx.send_heap_async(&one);
    stepper.run_until_idle();
    assert_eq!(done(next).unwrap().cnt, 4);
}

/// What a call gives is moved around on the way of every heap.
#[test]
fn a_refused_heap_makes_no_result_large() {
    assert!(size_of::<Result<Sent, SendError>>() <= 40, "{}", size_of::<Result<Sent, SendError>>());
}

#[test]
fn a_completed_heap_makes_room_before_its_future_knows() {
    let (stepper, _queue, tx) = stepped();
    let one = of_packets(1);
    let mut first = tx.send_heap_async(&one);
    (0..3).for_each(|_| drop(tx.send_heap_async(&one)));
    stepper.step();
    now(&mut first).unwrap().unwrap();
    assert!(now(&mut tx.send_heap_async(&one)).is_none(), "it was queued");
}

#[test]
fn a_dropped_future_takes_nothing_back() {
    let (stepper, queue, tx) = stepped();
    is_static(tx.send_heap_async(&of_packets(3)));
    let mut polled = tx.send_heap_async(&of_packets(2));
    assert!(now(&mut polled).is_none());
    stepper.step();
    drop(polled);
    assert_eq!(stepper.run_until_idle(), 4);
    assert_eq!(cnts(&queue), [1, 1, 1, 2, 2]);
}

#[test]
fn flush_waits_for_what_was_queued_before_it() {
    let (stepper, queue, tx) = stepped();
    drop(tx.send_heap_async(&of_packets(2)));
    let mut flush = tx.flush_async();
    drop(tx.send_heap_async(&of_packets(3)));
    assert_eq!(tx.in_flight(), 2, "a flush takes no room");
    stepper.step();
    assert!(now(&mut flush).is_none());
    stepper.step();
    stepper.step();
    now(&mut flush).expect("the heap before it is sent").unwrap();
    assert_eq!(queue.len(), 3);
    // What waits for itself steps.
    tx.flush().unwrap();
    assert_eq!(queue.len(), 5);
    assert_eq!(tx.send_heap(&of_packets(4)).unwrap().cnt, 3);
    tx.flush().unwrap();
}

#[test]
fn a_queue_that_stops_midway_fails_the_heap_and_those_behind_it() {
    let queues = [InprocQueue::new(), InprocQueue::new()];
    let stepper = Stepper::new();
    let config = SendConfig { max_packet_size: 72, ..SendConfig::default() };
    let tx = SendStream::with_substreams(&queues, config).unwrap().with_io(&stepper);
    let heap = of_packets(3);
    let [first, second, other] = [0, 0, 1].map(|substream| tx.send_heap_async(heap.on_substream(substream)));
    stepper.step();
    queues[0].stop();
    stepper.run_until_idle();
    assert_eq!(done(first).unwrap_err(), SendError::Stopped { packets: 3, refused: 2 });
    assert_eq!(done(second).unwrap_err(), SendError::Stopped { packets: 3, refused: 3 });
    assert_eq!(done(other).unwrap().packets, 3);
    assert_eq!((queues[0].len(), queues[1].len(), tx.in_flight()), (1, 3, 0));
}

#[test]
fn streams_on_a_stepper_take_turns_and_outlive_their_handles() {
    let (stepper, queue, a) = stepped();
    let b = SendStream::new(&queue, *a.config()).unwrap().with_io(&stepper);
    b.set_cnt_sequence(10, 1).unwrap();
    drop(a.send_heap_async(&of_packets(3)));
    drop(b.send_heap_async(&of_packets(2)));
    drop((a, b));
    assert_eq!(stepper.run_until_idle(), 5);
    assert_eq!(cnts(&queue), [1, 10, 1, 10, 1]);
}

#[test]
fn heaps_whose_stepper_is_gone_have_failed() {
    let (stepper, queue, tx) = stepped();
    let sent = tx.send_heap_async(&of_packets(2));
    let flush = tx.flush_async();
    stepper.step();
    drop((stepper, tx));
    assert_eq!(done(sent).unwrap_err(), SendError::Abandoned);
    assert_eq!(done(flush).unwrap_err(), SendError::Abandoned);
    assert_eq!(queue.len(), 1);
}

#[test]
fn a_harness_stops_its_queue_when_the_last_heap_is_sent() {
    let stepper = Stepper::new();
    let harness = Harness::builder().io(&stepper).packet_size(72).build().unwrap();
    let (queue, rx) = (harness.queue().clone(), harness.receiver().clone());
    drop(harness.sender(0).send_heap_async(&of_packets(2)));
    drop(harness);
    for step in 0..2 {
        assert!(!queue.is_stopped(), "a heap is under way after {step} packets");
        assert!(stepper.step());
    }
    assert!(!stepper.step());
    assert!(queue.is_stopped());
    assert_eq!(rx.next_heap().unwrap().cnt(), 1);
    assert!(matches!(rx.next_heap(), Err(RecvError::Stopped)));
}

#[test]
fn a_pool_sends_what_is_left_when_all_handles_are_gone() {
    let queue = InprocQueue::new();
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    {
        let pool = ThreadPool::new(2).unwrap();
        let tx =
            SendStream::new(&queue, SendConfig { max_heaps: 100, ..SendConfig::default() }).unwrap().with_io(&pool);
        (0..100).for_each(|_| drop(tx.send_heap_async(&heap(5000))));
    }
    in_time(move || (1..=100).for_each(|cnt| assert_eq!(rx.next_heap().unwrap().cnt(), cnt)));
}

#[test]
fn waiting_on_a_pool() {
    let pool = ThreadPool::new(3).unwrap();
    let queue = InprocQueue::new();
    let tx = SendStream::new(&queue, SendConfig::default()).unwrap().with_io(&pool);
    for cnt in 1..=100 {
        assert_eq!(tx.send_heap(&heap(5000)).unwrap().cnt, cnt);
        assert_eq!(
            (tx.in_flight(), queue.len() as u64),
            (0, cnt * 4),
            "a heap that is sent is there, and out of the way"
        );
    }
    queue.stop();
    assert!(matches!(tx.send_heap(&heap(1)), Err(SendError::Stopped { packets: 1, refused: 1 })));
    assert!(matches!(ThreadPool::new(0), Err(error) if error.to_string().contains("at least 1")));
}

/// A sink that waits until it is told to go on.
#[derive(Debug)]
struct Gate(Mutex<mpsc::Receiver<()>>);

impl PacketSink for Gate {
    fn put(&self, _: Entry) -> Result<(), Refused> {
        self.0.lock().unwrap().recv().unwrap();
        Ok(())
    }

    fn stop(&self) {}
}

#[test]
fn a_harness_waits_for_its_pool_before_it_stops() {
    let pool = ThreadPool::new(1).unwrap();
    let (open, gate) = mpsc::channel();
    let gate: Arc<dyn PacketSink> = Arc::new(Gate(Mutex::new(gate)));
    let gate = SendStream::over([gate], SendConfig::default(), Origin::FOREIGN).unwrap().with_io(&pool);
    drop(gate.send_heap_async(&heap(1)));

    let config = SendConfig { max_heaps: 1000, ..SendConfig::default() };
    let harness = Harness::builder().io(&pool).send_config(config).build().unwrap();
    (0..1000).for_each(|_| drop(harness.sender(0).send_heap_async(&heap(1))));
    open.send(()).unwrap();
    let report = harness.finish();
    assert_eq!(report.receivers[0].ledger.used(), 1000);
    assert_eq!(report.lints, []);
}

#[test]
fn heaps_that_nobody_sent_are_told() {
    let (stepper, clock) = (Stepper::new(), VirtualClock::new());
    let pool = ThreadPool::with_clock(1, &clock).unwrap();
    let slow = SendConfig { rate: 1.0, burst_size: 1, ..SendConfig::default() };
    // Nobody moves the clock: to wait for the pool would be in vain.
    let harness = Harness::builder().io(&pool).send_config(slow).timeout(Duration::from_secs(3600)).build().unwrap();
    (0..3).for_each(|_| drop(harness.sender(0).send_heap_async(&heap(3000))));
    let told = in_time(move || harness.finish());
    assert_eq!(told.lints, [Lint::NotSent { origin: Origin::sender(0), heaps: 3 }]);

    let lints = |send: fn(&Harness, &Stepper)| {
        let harness = Harness::builder().io(&stepper).send_config(slow).packet_size(72).build().unwrap();
        send(&harness, &stepper);
        harness.finish()
    };
    let told = lints(|harness, stepper| {
        (0..3).for_each(|_| drop(harness.sender(0).send_heap_async(&of_packets(2))));
        (0..3).for_each(|_| assert!(stepper.step()));
    });
    assert_eq!(told.lints, [Lint::NotSent { origin: Origin::sender(0), heaps: 2 }], "one of them in half");
    assert!(told.to_string().contains("note: 2 heaps of sender 0 had been queued, and"), "{told}");

    let told = lints(|harness, stepper| {
        drop(harness.sender(0).send_heap_async(&of_packets(2)));
        let kept = harness.sender(0).send_heap_async(&of_packets(2));
        harness.stop();
        stepper.run_until_idle();
        assert!(matches!(done(kept), Err(SendError::Stopped { packets: 2, refused: 2 })));
    });
    assert_eq!(told.lints, [Lint::NotSent { origin: Origin::sender(0), heaps: 1 }], "of the other somebody heard");

    let told = lints(|harness, stepper| {
        drop(harness.sender(0).send_heap_async(&of_packets(2)));
        stepper.run_until_idle();
    });
    assert_eq!(told.lints, []);
}

#[derive(Debug)]
struct Panics;

impl PacketSink for Panics {
    fn put(&self, _: Entry) -> Result<(), Refused> {
        panic!("a sink of the user's own");
    }

    fn stop(&self) {}
}

#[test]
fn a_sink_that_panics_fails_its_heaps_and_nobody_elses() {
    let pool = ThreadPool::new(1).unwrap();
    let broken = SendStream::over([Arc::new(Panics) as Arc<dyn PacketSink>], SendConfig::default(), Origin::FOREIGN);
    let broken = broken.unwrap().with_io(&pool);
    for _ in 0..6 {
        assert_eq!(broken.send_heap(&heap(1)).unwrap_err(), SendError::Abandoned);
    }
    let queue = InprocQueue::new();
    let whole = SendStream::new(&queue, SendConfig::default()).unwrap().with_io(&pool);
    whole.send_heap(&heap(1)).unwrap();
}

/// In a harness no send can hang either.
#[test]
fn a_send_that_cannot_be_done_is_overdue() {
    let (clock, timeout) = (VirtualClock::new(), Duration::from_millis(1));
    let pool = ThreadPool::with_clock(1, &clock).unwrap();
    let slow = SendConfig { rate: 1.0, burst_size: 1, ..SendConfig::default() };
    let harness = Harness::builder().io(&pool).send_config(slow).timeout(timeout).build().unwrap();
    let tx = harness.sender(0);
    assert_eq!(tx.send_heap(&heap(3000)).unwrap_err(), SendError::Overdue { waited: timeout });
    assert_eq!(tx.flush().unwrap_err(), SendError::Overdue { waited: timeout });
}
