//! Transports of the user's own.

use std::{
    error::Error as _,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use smol::block_on;
use spead_inproc::{
    Flavour, GroupMode, Heap, SendConfig, SendError, SendStream,
    heap::Origin,
    stream::{Entry, PacketSink, Refused, ThreadPool},
};

/// Sends packets of heaps up to this cnt, and has no buffer for others.
#[derive(Debug)]
struct Small(u64);

impl PacketSink for Small {
    fn put(&self, entry: Entry) -> Result<(), Refused> {
        match &entry {
            Entry::Run(run) if run.cnt().get() > self.0 => Err(Refused::failed(entry, io::Error::other("no buffer"))),
            _ => Ok(()),
        }
    }

    fn stop(&self) {}
}

fn stream(last: u64) -> SendStream {
    SendStream::over([Arc::new(Small(last)) as _], SendConfig::default(), Origin::sender(0)).unwrap()
}

fn heap() -> Heap {
    Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![0; 4000]).build().unwrap()
}

fn check(error: SendError, text: &str) {
    assert_eq!(error.to_string(), text);
    let cause = error.source().expect("the sink said why");
    assert_eq!(cause.to_string(), "no buffer");
    assert_eq!(error.clone(), error);
    assert_ne!(error, SendError::Stopped { packets: 3, refused: 3 });
}

#[test]
fn what_a_transport_says_reaches_the_caller() {
    check(stream(0).send_heap(&heap()).unwrap_err(), "the transport sent all but 3 of 3 packets: no buffer");
    let heap = heap();
    for mode in [GroupMode::Serial, GroupMode::RoundRobin] {
        let group = [(&heap).into(), (&heap).into()];
        check(stream(1).send_heaps(&group, mode).unwrap_err(), "the transport sent all but 3 of 6 packets: no buffer");
    }
}

#[test]
fn also_a_caller_that_does_not_wait() {
    let pool = ThreadPool::new(1).unwrap();
    let tx = stream(1).with_io(&pool);
    assert!(block_on(tx.send_heap_async(&heap())).is_ok());
    check(block_on(tx.send_heap_async(&heap())).unwrap_err(), "the transport sent all but 3 of 3 packets: no buffer");
}

#[test]
fn what_comes_back_says_why() {
    let entry = || Entry::from(bytes::Bytes::from_static(b"S"));
    assert_eq!(Refused::stopped(entry()).to_string(), "1 packet came back: the sink was stopped");
    assert_eq!(Refused::failed(entry(), "no route").to_string(), "1 packet came back: no route");
}

/// Panics at heaps after this cnt.
#[derive(Debug)]
struct Fragile(u64);

impl PacketSink for Fragile {
    fn put(&self, entry: Entry) -> Result<(), Refused> {
        let Entry::Run(run) = entry else { return Ok(()) };
        assert!(run.cnt().get() <= self.0, "broken");
        Ok(())
    }

    fn stop(&self) {}
}

#[test]
fn a_transport_that_panics_leaves_a_stream_that_can_be_used() {
    let config = SendConfig { rate: 1e12, max_heaps: 1, ..SendConfig::default() };
    let tx = SendStream::over([Arc::new(Fragile(1)) as _], config, Origin::sender(0)).unwrap();
    let heap = heap();
    assert!(tx.send_heap(&heap).is_ok());
    for _ in 0..3 {
        assert!(catch_unwind(AssertUnwindSafe(|| tx.send_heap(&heap))).is_err(), "the sink's own panic");
    }
    assert!(tx.send_heap(heap.with_cnt(1)).is_ok());
}
