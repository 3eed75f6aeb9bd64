//! Behaviours 73 to 78, and those of 32 to 55 that need a ring, a sender that takes time, or a clock.

use std::{
    collections::BTreeSet,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use smol::{future::block_on, stream::StreamExt as _};
use spead_inproc::{
    Flavour, Heap, InprocQueue, RecvConfig, RecvError, RecvStream, Rejection, SendConfig, SendError, SendStream,
    stream::{HeapRing, RingError, Stepper},
};

use super::{any_order, part, receive, single};
use crate::patience::{Listener, Told, in_time};

/// A stream over these heaps of one packet, after which the queue ends, or not.
fn reader(cnts: std::ops::Range<u64>, ends: bool) -> (RecvStream, InprocQueue) {
    let queue = InprocQueue::new();
    cnts.for_each(|cnt| queue.add_packet(single(cnt)).unwrap());
    if ends {
        queue.stop();
    }
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    (rx, queue)
}

/// The same, and a listener that hears what the stream takes.
fn heard(cnts: std::ops::Range<u64>, ends: bool) -> (RecvStream, InprocQueue, Listener) {
    let queue = InprocQueue::new();
    cnts.for_each(|cnt| queue.add_packet(single(cnt)).unwrap());
    if ends {
        queue.stop();
    }
    let (told, listener) = Told::new(&queue);
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_reader(Arc::new(told)).unwrap();
    (rx, queue, listener)
}

/// Has a future go on as far as it can; whether it is done.
fn go_on(future: &mut Pin<Box<impl Future>>) -> bool {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn next(ring: &HeapRing) -> Option<u64> {
    ring.try_next_heap().unwrap().map(|heap| heap.cnt().get())
}

fn stepped() -> (Stepper, InprocQueue, SendStream) {
    let (stepper, queue) = (Stepper::new(), InprocQueue::new());
    let tx = SendStream::new(&queue, SendConfig::default()).unwrap().with_io(&stepper);
    (stepper, queue, tx)
}

fn heap(len: usize) -> Heap {
    Heap::builder(Flavour::SPEAD_64_48).item(0x1000, vec![3; len]).build().unwrap()
}

#[test]
fn b32_a_stop_while_the_ring_is_full_and_nobody_reads_returns() {
    let (rx, queue, listener) = heard(1..10, false);
    let ring = HeapRing::new(2).unwrap();
    let worker = rx.read_into(&ring).unwrap();
    // The third is one too many.
    listener.taken(3);
    in_time(move || worker.stop());
    let ready = [1, 2].map(|_| ring.next_heap().unwrap().cnt().get());
    assert_eq!(ready, [1, 2]);
    assert!(matches!(ring.next_heap(), Err(RecvError::Stopped)));
    // The heap that waited is not lost, nor is what was not read.
    assert_eq!(rx.next_heap().unwrap().cnt(), 3);
    assert!(matches!(rx.next_heap(), Err(RecvError::Stopped)));
    assert_eq!(queue.len(), 6);
}

#[test]
fn b37_a_full_ring_does_not_keep_another_reader_from_coming() {
    let (rx, _first) = reader(1..4, true);
    let ring = HeapRing::new(1).unwrap();
    let mut reading = Box::pin(rx.read_into_async(&ring).unwrap());
    assert!(!go_on(&mut reading));
    assert_eq!((ring.len(), rx.stats().worker_blocked), (1, 1));
    let more = InprocQueue::new();
    more.add_packet(single(10)).unwrap();
    more.stop();
    // Neither to this stream nor to the ring.
    in_time({
        let (rx, more) = (rx.clone(), more.clone());
        move || rx.add_inproc_reader(&more).unwrap()
    });
    let (other, _other) = reader(20..21, true);
    let mut also_reading = Box::pin(other.read_into_async(&ring).unwrap());
    let mut cnts = BTreeSet::new();
    let (mut done, mut also_done) = (false, false);
    while !(done && also_done) {
        done = done || go_on(&mut reading);
        also_done = also_done || go_on(&mut also_reading);
        assert!(cnts.insert(next(&ring).expect("a ring with somebody waiting is full")), "twice");
    }
    assert_eq!(cnts, BTreeSet::from([1, 2, 3, 10, 20]));
    assert!(matches!(ring.try_next_heap(), Err(RecvError::Stopped)) && more.is_empty());
}

#[test]
fn b38_a_ring_ends_with_the_last_of_its_streams_but_a_user_ends_it_at_once() {
    let ((a, _), (b, open)) = (reader(1..3, true), reader(11..13, false));
    let ring = HeapRing::new(8).unwrap();
    let [mut first, mut second] = [&a, &b].map(|rx| Box::pin(rx.read_into_async(&ring).unwrap()));
    assert!(go_on(&mut first) && !go_on(&mut second));
    assert_eq!(ring.len(), 4);
    open.add_packet(single(13)).unwrap();
    open.stop();
    assert!(go_on(&mut second));
    assert_eq!(std::iter::from_fn(|| ring.next_heap().ok()).count(), 5);
    assert!(matches!(a.read_into(&ring), Err(RingError::Over)));

    let ((a, _left), (b, _open)) = (reader(1..1, false), reader(1..1, false));
    let ring = HeapRing::new(8).unwrap();
    let (first, second) = (a.read_into(&ring).unwrap(), b.read_into(&ring).unwrap());
    in_time(move || first.stop());
    assert!(matches!(ring.next_heap(), Err(RecvError::Stopped)));
    in_time(move || second.join().unwrap());
}

#[test]
fn b44_a_full_send_queue_is_an_error_and_the_stream_stays_usable() {
    let (stepper, queue, tx) = stepped();
    let heap = heap(10);
    let sent: Vec<_> = (0..4).map(|_| tx.send_heap_async(&heap)).collect();
    assert!(matches!(block_on(tx.send_heap_async(&heap)), Err(SendError::Full { max_heaps: 4, in_flight: 4, .. })));
    assert_eq!(stepper.run_until_idle(), 4);
    for (at, sent) in sent.into_iter().enumerate() {
        assert_eq!(block_on(sent).unwrap().cnt.get(), at as u64 + 1);
    }
    assert_eq!((tx.send_heap(&heap).unwrap().cnt.get(), queue.len()), (5, 5));
}

#[test]
fn b45_an_error_on_one_send_does_not_poison_the_next_flush() {
    let (_stepper, queue, tx) = stepped();
    queue.stop();
    assert!(matches!(tx.send_heap(&heap(10)), Err(SendError::Stopped { .. })));
    tx.flush().unwrap();
    let sent = tx.send_heap_async(&heap(10));
    tx.flush().unwrap();
    assert!(matches!(block_on(sent), Err(SendError::Stopped { .. })));
}

#[test]
fn b46_flush_waits_for_what_was_queued_before_it_not_for_later_heaps() {
    let (stepper, queue, tx) = stepped();
    drop(tx.send_heap_async(&heap(3000)));
    let mut flush = pin!(tx.flush_async());
    drop(tx.send_heap_async(&heap(10)));
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..3 {
        assert!(flush.as_mut().poll(&mut context).is_pending());
        stepper.step();
    }
    assert_eq!(flush.as_mut().poll(&mut context), Poll::Ready(Ok(())));
    assert_eq!((queue.len(), tx.in_flight()), (3, 1));
}

/// When each packet goes is checked in `tests/it/rate.rs`.
#[test]
fn b53_the_rate_is_never_exceeded_and_catching_up_is_bounded() {
    const RATE: u64 = 1_000_000;
    let (stepper, queue) = (Stepper::new(), InprocQueue::new());
    let config = SendConfig { rate: RATE as f64, burst_size: 5000, burst_rate_ratio: 1.25, ..SendConfig::default() };
    let tx = SendStream::new(&queue, config).unwrap().with_io(&stepper);
    drop(tx.send_heap_async(&heap(300_000)));
    let sent = |packets: u64| Duration::from_micros(packets * 1472 * 1_000_000 / RATE);
    let burst = Duration::from_micros(5000 + 1472);
    // In time, so much is sent as the rate allows.
    for packets in 1..=50 {
        assert!(stepper.step());
        assert!(sent(packets) <= stepper.clock().now() + burst, "packet {packets}");
    }
    // Late, it may be faster, by the ratio and until it has caught up, after what is left of a burst and another.
    let (stop, late) = (stepper.clock().now(), Duration::from_millis(40));
    stepper.clock().advance(late);
    let mut packets = 50;
    while stepper.step() {
        packets += 1;
        let now = stepper.clock().now();
        assert!(sent(packets - 50) <= (now - stop - late).mul_f64(1.25) + burst * 2, "packet {packets} is too fast");
        assert!(sent(packets) <= now + burst, "packet {packets} is more than caught up");
    }
    assert_eq!(queue.len() as u64, packets);
    assert!(stepper.clock().now() < sent(packets), "it has caught up");
}

#[test]
fn b55_a_cancelled_send_raises_nothing_later() {
    let (stepper, queue, tx) = stepped();
    let mut cancelled = tx.send_heap_async(&heap(10));
    assert!(pin!(&mut cancelled).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(cancelled);
    queue.stop();
    stepper.run_until_idle();
    tx.flush().unwrap();
    assert_eq!((queue.len(), tx.in_flight()), (0, 0));
}

/// A queue in memory loses nothing, so a full ring is no reason to warn: it is counted, and that is all.
#[test]
fn b73_a_full_ring_is_counted_and_loses_nothing() {
    let (rx, _queue) = reader(1..6, true);
    let ring = HeapRing::new(1).unwrap();
    let mut reading = Box::pin(rx.read_into_async(&ring).unwrap());
    for cnt in 1..=5 {
        assert_eq!(go_on(&mut reading), cnt == 5);
        // Once for each heap that waits, however often it looks.
        assert!(cnt == 5 || !go_on(&mut reading));
        assert_eq!(rx.stats().worker_blocked, cnt.min(4));
        assert_eq!(next(&ring), Some(cnt));
    }
    assert_eq!((rx.ledger().used(), rx.ledger().rejected(), rx.stats().heaps), (5, 0, 5));
}

#[test]
fn b74_receiving_gives_way_though_heaps_are_ready_and_holds_none() {
    let (rx, _queue) = reader(1..1000, true);
    let (mut gave_way, mut heaps) = (0, 0);
    let mut context = Context::from_waker(Waker::noop());
    let mut stream = pin!(rx.heap_stream());
    loop {
        match stream.as_mut().poll_next(&mut context) {
            Poll::Ready(Some(heap)) => heaps += u64::from(heap.is_ok()),
            Poll::Ready(None) => break,
            Poll::Pending => gave_way += 1,
        }
    }
    assert_eq!((heaps, gave_way), (999, 999 / 32));
    // The memory of a heap goes with the heap.
    let data = bytes::Bytes::from(vec![1; 100]);
    let queue = InprocQueue::new();
    let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x1000, data.clone()).build().unwrap();
    SendStream::new(&queue, SendConfig::default()).unwrap().send_heap(&heap).unwrap();
    drop(heap);
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    drop(block_on(rx.heap_stream().next()).unwrap().unwrap());
    assert!(data.is_unique());
}

#[test]
fn b75_a_cancelled_receive_loses_nothing() {
    let (rx, queue) = reader(1..1, false);
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut cancelled = pin!(rx.next_heap_async());
        assert!(cancelled.as_mut().poll(&mut context).is_pending());
        queue.add_packet(single(1)).unwrap();
    }
    assert_eq!(block_on(rx.next_heap_async()).unwrap().cnt(), 1);
    // From a ring neither, nor does the one that fills it.
    let ring = HeapRing::new(1).unwrap();
    let mut reading = Box::pin(rx.read_into_async(&ring).unwrap());
    {
        let mut cancelled = pin!(ring.next_heap_async());
        assert!(cancelled.as_mut().poll(&mut context).is_pending());
        (2..4).for_each(|cnt| queue.add_packet(single(cnt)).unwrap());
        assert!(!go_on(&mut reading));
    }
    assert_eq!(block_on(ring.next_heap_async()).unwrap().cnt(), 2);
    drop(reading);
    assert_eq!(block_on(rx.next_heap_async()).unwrap().cnt(), 3);
}

#[test]
fn b76_out_of_order_a_packet_that_overlaps_what_came_is_rejected_whole() {
    let middle = part(1, 96, 32..64);
    for (payload, duplicate) in [
        (16..48, false),
        (48..80, false),
        (0..95, false),
        (24..72, false),
        (32..64, true),
        (40..48, true),
        (63..64, true),
    ] {
        let (payload_offset, payload_length) = (payload.start, payload.end - payload.start);
        let received = receive(any_order(), [middle.clone(), part(1, 96, payload.clone())]);
        assert_eq!(received.heaps(), ["1: 32..64 of 96, flushed"], "{payload:?}");
        if duplicate {
            assert_eq!(received.fates(), "duplicate 1, flushed 1", "{payload:?}");
        } else {
            assert_eq!(received.rejections(), [(Rejection::Overlap { payload_offset, payload_length }, 1)]);
        }
    }
    // Neighbours only touch.
    let touching = [middle, part(1, 96, 64..96), part(1, 96, 0..32)];
    assert_eq!(receive(any_order(), touching).heaps(), ["1: whole"]);
}

#[test]
fn b77_a_zero_length_packet_in_the_middle_is_harmless() {
    let packets = [part(1, 64, 0..32), part(1, 64, 32..32), part(1, 64, 32..64)];
    for config in [RecvConfig::default(), any_order()] {
        let received = receive(config, packets.clone());
        assert_eq!(received.whole().item(0x1000).unwrap().bytes(), (0..64).collect::<Vec<u8>>());
        assert_eq!(received.stats(), [1, 3, 0, 0, 0]);
        assert_eq!(received.fates(), "used 3");
    }
    // Where nothing else came it is a range of its own; inside what came it is a repetition.
    let received = receive(any_order(), [part(1, 64, 48..48), part(1, 64, 0..32), part(1, 64, 16..16)]);
    assert_eq!(received.heaps(), ["1: 0..32 48..48 of 64, flushed"]);
    assert_eq!(received.fates(), "duplicate 1, flushed 2");
}

#[test]
fn b78_iteration_with_await_ends_cleanly_at_the_stop() {
    let (rx, _queue) = reader(1..4, true);
    let heaps: Vec<_> = block_on(rx.heap_stream().collect());
    assert_eq!(heaps.into_iter().map(|heap| heap.unwrap().cnt().get()).collect::<Vec<_>>(), [1, 2, 3]);
    let mut stream = rx.heap_stream();
    assert!(block_on(stream.next()).is_none());
    assert!(block_on(stream.next()).is_none());
}
