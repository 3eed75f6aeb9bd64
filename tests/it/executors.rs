//! Sending and receiving on every executor: what waits is woken, what is given up loses nothing, and what is busy gives way.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, mpsc},
    task::{Context, Waker},
    thread,
    time::Duration,
};

use bytes::Bytes;
use smol::{
    future::{block_on, or, yield_now, zip},
    stream::StreamExt as _,
};
use spead_inproc::{
    Harness, InprocQueue, Packetizer, RecvConfig, RecvError, RecvStream, SendConfig, SendError, SendStream, spead_test,
    stream::{Entry, HeapRing, PacketSource, Taken, ThreadPool, VirtualClock, Waiters},
};

use crate::{
    asynchronous::heap,
    patience::{LIMIT, in_time},
};

/// As in the contract, on every executor.
async fn asynchronous(tx: SendStream, rx: RecvStream) {
    let sent = tx.send_heap_async(&heap(9000));
    let heap = rx.next_heap_async().await.unwrap();
    sent.await.unwrap();
    assert_eq!(heap.item(0x4300).unwrap().bytes().len(), 9000);
}

#[spead_test(snapshot = false)]
#[tokio::test]
async fn on_tokio_current_thread(tx: SendStream, rx: RecvStream) {
    asynchronous(tx, rx).await;
}

#[spead_test(snapshot = false)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_tokio_multi_thread(tx: SendStream, rx: RecvStream) {
    tokio::spawn(asynchronous(tx, rx)).await.unwrap();
}

#[spead_test(snapshot = false)]
#[test]
fn on_smol(tx: SendStream, rx: RecvStream) {
    smol::block_on(smol::spawn(asynchronous(tx, rx)));
}

#[spead_test(snapshot = false)]
#[test]
fn under_block_on(tx: SendStream, rx: RecvStream) {
    block_on(asynchronous(tx, rx));
}

/// The same with the sending on threads of its own.
#[test]
fn on_a_pool() {
    let pool = ThreadPool::new(2).unwrap();
    let queue = InprocQueue::new();
    let tx = SendStream::new(&queue, SendConfig::default()).unwrap().with_io(&pool);
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    block_on(asynchronous(tx.clone(), rx.clone()));
    let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
    tokio.block_on(asynchronous(tx, rx));
}

/// Runs the same on every executor, each on a thread of its own; none may hang.
fn everywhere<F: Future<Output = ()> + Send + 'static>(test: fn() -> F) {
    let tokio = |mut builder: tokio::runtime::Builder| builder.enable_all().build().unwrap();
    in_time(move || tokio(tokio::runtime::Builder::new_current_thread()).block_on(test()));
    in_time(move || {
        let runtime = tokio(tokio::runtime::Builder::new_multi_thread());
        runtime.block_on(runtime.spawn(test())).unwrap();
    });
    in_time(move || smol::block_on(smol::spawn(test())));
    in_time(move || block_on(test()));
}

/// A receive that has to wait is woken by a thread that has nothing to do with the executor.
#[test]
fn a_receive_that_waits_is_woken() {
    everywhere(|| async {
        let queue = InprocQueue::new();
        let rx = receiver(&queue);
        let tx = SendStream::new(&queue, SendConfig::default()).unwrap();
        for cnt in 1..=20 {
            let (waits, heard) = mpsc::channel();
            let sender = {
                let tx = tx.clone();
                thread::spawn(move || {
                    heard.recv_timeout(LIMIT).expect("somebody waits");
                    tx.send_heap(&heap(3000)).unwrap();
                })
            };
            let mut next = Box::pin(rx.next_heap_async());
            let received = poll_fn(|context| {
                let next = next.as_mut().poll(context);
                if next.is_pending() {
                    waits.send(()).ok();
                }
                next
            });
            assert_eq!(received.await.unwrap().cnt(), cnt);
            sender.join().unwrap();
        }
    });
}

/// A flush that has to wait is woken by a pool.
#[test]
fn a_flush_that_waits_is_woken() {
    everywhere(|| async {
        let (clock, queue) = (VirtualClock::new(), InprocQueue::new());
        let pool = ThreadPool::with_clock(1, &clock).unwrap();
        let config = SendConfig { rate: 1e6, burst_size: 1, ..SendConfig::default() };
        let tx = SendStream::new(&queue, config).unwrap().with_io(&pool);
        tx.send_heap(&heap(1400)).unwrap();
        // This one has to wait for its time.
        drop(tx.send_heap_async(&heap(1400)));
        let mut flush = tx.flush_async();
        let (waits, heard) = mpsc::channel();
        let mover = {
            let clock = clock.clone();
            thread::spawn(move || {
                heard.recv_timeout(LIMIT).expect("somebody waits");
                clock.advance(Duration::from_secs(1));
            })
        };
        poll_fn(|context| {
            let flush = Pin::new(&mut flush).poll(context);
            if flush.is_pending() {
                waits.send(()).ok();
            }
            flush
        })
        .await
        .unwrap();
        assert_eq!((queue.len(), tx.in_flight()), (2, 0));
        mover.join().unwrap();
    });
}

/// In a harness no receive and no send hangs, in whatever way it waits and whatever polls it.
#[test]
fn whatever_waits_for_what_cannot_come_is_told_so() {
    everywhere(|| async {
        let timeout = Duration::from_millis(1);
        let harness = Harness::builder().timeout(timeout).build().unwrap();
        let rx = harness.receiver();
        for _ in 0..2 {
            let starved = rx.next_heap_async().await.unwrap_err();
            assert!(matches!(&starved, RecvError::Starved(starved) if starved.waited == timeout), "{starved}");
            let starved = rx.next_event_async().await.unwrap_err();
            assert!(matches!(starved, RecvError::Starved(_)), "{starved}");
        }
        let mut stream = rx.heap_stream();
        assert!(matches!(stream.next().await, Some(Err(RecvError::Starved(_)))));
        assert!(stream.next().await.is_none());
        // That was no end: what comes later is read.
        harness.sender(0).send_heap_async(&heap(10)).await.unwrap();
        assert_eq!(rx.next_heap_async().await.unwrap().cnt(), 1);

        let clock = VirtualClock::new();
        let pool = ThreadPool::with_clock(1, &clock).unwrap();
        let slow = SendConfig { rate: 1.0, burst_size: 1, ..SendConfig::default() };
        let harness = Harness::builder().io(&pool).send_config(slow).timeout(timeout).build().unwrap();
        let overdue = harness.sender(0).send_heap_async(&heap(3000)).await.unwrap_err();
        assert_eq!(overdue, SendError::Overdue { waited: timeout });
        let overdue = harness.sender(0).flush_async().await.unwrap_err();
        assert_eq!(overdue, SendError::Overdue { waited: timeout });
    });
}

/// A receive that loses a race is dropped; the next one finds what came meanwhile.
#[test]
fn receives_that_are_given_up_lose_nothing() {
    everywhere(|| async {
        const HEAPS: u64 = 200;
        let queue = InprocQueue::new();
        let rx = receiver(&queue);
        let tx = SendStream::new(&queue, SendConfig::default()).unwrap();
        let sender = thread::spawn(move || (0..HEAPS).for_each(|_| _ = tx.send_heap(&heap(3000)).unwrap()));
        let (mut cnts, mut given_up) = (Vec::new(), 0);
        while cnts.len() < 200 {
            let next = async { Some(rx.next_heap_async().await.unwrap()) };
            let impatient = async {
                yield_now().await;
                None
            };
            match or(next, impatient).await {
                Some(heap) => cnts.push(heap.cnt().get()),
                None => given_up += 1,
            }
        }
        assert!(cnts.into_iter().eq(1..=HEAPS), "{given_up} were given up");
        sender.join().unwrap();
    });
}

fn receiver(queue: &InprocQueue) -> RecvStream {
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_inproc_reader(queue).unwrap();
    rx
}

/// A source that always has a packet, so that a stream always has something to read.
#[derive(Debug)]
struct Endless {
    waiters: Waiters,
    packet: Bytes,
}

impl PacketSource for Endless {
    fn take(&self) -> Taken {
        Taken::Entry(self.packet.clone().into())
    }

    fn put_back(&self, _: Entry) {}

    fn waiters(&self) -> &Waiters {
        &self.waiters
    }
}

/// Streams that never run dry: of one heap after another, and of packets that never become one.
fn endless() -> [RecvStream; 2] {
    let good = Packetizer::new(&heap(8), 1, 1472).unwrap().iter().next().unwrap();
    [good, Bytes::from_static(b"no packet")].map(|packet| {
        let rx = RecvStream::new(RecvConfig::default()).unwrap();
        rx.add_reader(Arc::new(Endless { waiters: Waiters::new(), packet })).unwrap();
        rx
    })
}

/// A task that always finds something to read lets others run all the same.
#[test]
fn a_busy_reader_gives_way() {
    everywhere(|| async {
        for rx in endless() {
            let reading = async { while rx.next_heap_async().await.is_ok() {} };
            let streaming = async { while let Some(Ok(_)) = rx.heap_stream().next().await {} };
            let stopping = async {
                yield_now().await;
                rx.stop();
            };
            zip(zip(reading, streaming), stopping).await;
        }
    });
}

/// So does one that always finds a heap in a ring.
#[test]
fn a_busy_reader_of_a_ring_gives_way() {
    let [rx, _] = endless();
    let ring = HeapRing::new(100).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let mut filling = Box::pin(rx.read_into_async(&ring).unwrap());
    while rx.stats().worker_blocked == 0 {
        assert!(filling.as_mut().poll(&mut context).is_pending());
    }
    let mut reading = Box::pin(async { while ring.next_heap_async().await.is_ok() {} });
    for left in [68, 36, 4] {
        assert!(reading.as_mut().poll(&mut context).is_pending());
        assert_eq!(ring.len(), left);
    }
}

/// A thread may stop a stream on which another reads and reads.
#[test]
fn a_busy_reader_can_be_stopped() {
    for rx in endless() {
        let (started, heard) = mpsc::channel();
        let reader = rx.clone();
        let reading = thread::spawn(move || {
            started.send(()).unwrap();
            while reader.next_heap().is_ok() {}
        });
        heard.recv_timeout(LIMIT).unwrap();
        in_time(move || rx.stop());
        in_time(move || reading.join().unwrap());
    }
}
