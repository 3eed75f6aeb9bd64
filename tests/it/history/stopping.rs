//! Behaviours 29 to 40: how streams and queues start and end.

use bytes::Bytes;
use spead_inproc::{
    Event, Flavour, GroupMode, Heap, InprocQueue, Packetizer, RecvConfig, RecvError, RecvStream, SendConfig, SendError,
    SendStream,
    heap::Origin,
    recv::{Outcome, Reassembler},
    wire::{Packet, PacketError},
};

use super::{any_order, drain, halves, part, receive, single, stop, stream, unsized_part};

fn add(queue: &InprocQueue, packets: impl IntoIterator<Item = Bytes>) {
    packets.into_iter().for_each(|packet| queue.add_packet(packet).unwrap());
}

fn heap(len: usize) -> Heap {
    Heap::builder(Flavour::SPEAD_64_48).item(0x1000, vec![3; len]).build().unwrap()
}

#[test]
fn b29_the_stop_heap_is_swallowed_and_ends_the_stream() {
    let received = receive(RecvConfig::default(), [single(1), stop(2), single(3), single(4)]);
    assert_eq!(received.heaps(), ["1: whole"]);
    assert_eq!(received.stats(), [1, 2, 0, 0, 2]);
    assert_eq!(received.fates(), "used 2");
    assert_eq!(received.left, 2, "what comes after the stop stays in the queue");
    let (cnt, _) = received.ledger.stopped_by().unwrap();
    assert_eq!(cnt, 2);
    // In the middle of what one sender queued at once, too.
    let queue = InprocQueue::new();
    let tx = SendStream::new(&queue, SendConfig { max_packet_size: 64, ..SendConfig::default() }).unwrap();
    let mixed = Heap::builder(Flavour::SPEAD_64_48).end_of_stream().item(0x1000, vec![1; 100]).build().unwrap();
    let packets = tx.send_heap(&mixed).unwrap().packets;
    let received = drain(&stream(RecvConfig::default(), &queue), &queue);
    assert_eq!(received.heaps(), ["1: 0..8 of 100, flushed"]);
    assert_eq!(received.left as u64, packets - 1);
}

#[test]
fn b30_with_stop_on_stop_off_the_stop_heap_is_delivered_and_later_heaps_arrive() {
    let config = RecvConfig { stop_on_stop_item: false, ..RecvConfig::default() };
    let received = receive(config, [single(1), stop(2), single(3)]);
    assert_eq!(received.heaps(), ["1: whole", "2: whole", "3: whole"]);
    assert_eq!(received.stats(), [3, 3, 0, 0, 3]);
    let ends = received.events.iter().map(|event| matches!(event, Event::Heap(heap) if heap.is_end_of_stream()));
    assert_eq!(ends.collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(received.ledger.heaps().control, 0);
    assert_eq!(received.ledger.stopped_by(), None);
    // Nor does the first of several packets of a heap with a stop item end it.
    let mixed = Heap::builder(Flavour::SPEAD_64_48).end_of_stream().item(0x1000, vec![1; 100]).build().unwrap();
    let packets = Packetizer::new(&mixed, 1, 64).unwrap();
    assert_eq!(receive(config, packets.iter()).heaps(), ["1: whole"]);
}

#[test]
fn b31_a_partial_heap_is_flushed_when_the_stop_item_comes_and_none_is_lost() {
    let packets = [part(1, 64, 0..32), unsized_part(5, 0..16), part(3, 96, 0..64), stop(9)];
    for config in [RecvConfig::default(), any_order()] {
        let received = receive(config, packets.clone());
        assert_eq!(received.heaps(), ["1: 0..32 of 64, flushed", "5: whole", "3: 0..64 of 96, flushed"]);
        assert_eq!(received.stats(), [3, 4, 0, 3, 1]);
        assert_eq!(received.fates(), "used 2, flushed 2");
    }
    // Substream by substream.
    let received =
        receive(RecvConfig { substreams: 2, ..RecvConfig::default() }, [1, 4, 3, 2].map(|cnt| part(cnt, 64, 0..8)));
    assert_eq!(received.heaps(), [4, 2, 1, 3].map(|cnt| format!("{cnt}: 0..8 of 64, flushed")));
}

#[test]
fn b33_stopping_twice_is_harmless() {
    let queue = InprocQueue::new();
    add(&queue, [single(1)]);
    queue.stop();
    queue.stop();
    assert!(queue.is_stopped());
    assert_eq!(queue.len(), 1);
    let rx = stream(RecvConfig::default(), &queue);
    rx.stop();
    rx.stop();
    assert!(matches!(rx.next_heap(), Err(RecvError::Stopped)));
    assert!(matches!(rx.next_heap(), Err(RecvError::Stopped)));
    assert_eq!((rx.stats().packets, queue.len()), (0, 1));
}

#[test]
fn b34_what_is_put_on_a_stopped_queue_is_an_error_and_not_lost_silently() {
    let queue = InprocQueue::new();
    let tx = SendStream::new(&queue, SendConfig::default()).unwrap();
    add(&queue, [single(1)]);
    queue.stop();
    assert_eq!(queue.add_packet(single(2)).unwrap_err().packet, single(2));
    assert_eq!(tx.send_heap(&heap(3000)).unwrap_err(), SendError::Stopped { packets: 3, refused: 3 });
    let heaps = [heap(10), heap(3000)];
    assert_eq!(
        tx.send_heaps(&heaps.each_ref().map(Into::into), GroupMode::RoundRobin).unwrap_err(),
        SendError::Stopped { packets: 4, refused: 4 }
    );
    assert_eq!((queue.len(), queue.packets_put()), (1, 1));
    assert_eq!(drain(&stream(RecvConfig::default(), &queue), &queue).heaps(), ["1: whole"]);
}

#[test]
fn b35_a_stop_by_hand_puts_nothing_odd_into_the_books() {
    let queue = InprocQueue::new();
    let rx = stream(RecvConfig::default(), &queue);
    add(&queue, [single(1), part(2, 64, 0..32)]);
    assert_eq!(rx.next_heap().unwrap().cnt(), 1);
    assert!(rx.try_next_heap().unwrap().is_none());
    add(&queue, [part(2, 64, 32..64)]);
    rx.stop();
    let received = drain(&rx, &queue);
    // What had come in part is counted and not delivered.
    assert!(received.events.is_empty());
    assert_eq!(received.stats(), [2, 2, 0, 1, 1]);
    assert_eq!(received.fates(), "used 1, flushed 1");
    assert!(received.rejections().is_empty());
    assert_eq!(received.left, 1);
}

#[test]
fn b36_sender_queue_and_receiver_may_go_in_any_order_while_data_is_under_way() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let queue = InprocQueue::new();
        let tx = SendStream::new(&queue, SendConfig::default()).unwrap();
        let rx = stream(RecvConfig::default(), &queue);
        for _ in 0..3 {
            tx.send_heap(&heap(3000)).unwrap();
        }
        let first = rx.next_heap().unwrap();
        let (mut tx, mut queue, mut rx) = (Some(tx), Some(queue), Some(rx));
        for gone in order {
            match gone {
                0 => drop(tx.take()),
                1 => drop(queue.take()),
                _ => drop(rx.take()),
            }
            if let Some(tx) = &tx {
                tx.send_heap(&heap(5)).unwrap();
            }
            if let Some(rx) = &rx {
                assert_eq!(rx.next_heap().unwrap().packets(), 3, "{order:?}: what was queued can still be read");
            }
        }
        assert_eq!(first.item(0x1000).unwrap().bytes(), [3; 3000]);
    }
}

#[test]
fn b39_data_sent_before_the_receiver_exists_is_kept_in_order_and_late_readers_are_refused() {
    let queue = InprocQueue::new();
    let tx = SendStream::new(&queue, SendConfig::default()).unwrap();
    let lengths = [1, 4000, 30, 2000];
    for len in lengths {
        tx.send_heap(&heap(len)).unwrap();
    }
    queue.stop();
    let rx = stream(RecvConfig::default(), &queue);
    let received: Vec<_> = rx.heaps().map(|heap| heap.unwrap().item(0x1000).unwrap().bytes().len()).collect();
    assert_eq!(received, lengths);

    let rx = RecvStream::new(RecvConfig { explicit_start: true, ..RecvConfig::default() }).unwrap();
    rx.add_inproc_reader(&InprocQueue::new()).unwrap();
    rx.start();
    assert!(rx.add_inproc_reader(&InprocQueue::new()).is_err());
    assert!(rx.add_buffer_reader(single(1)).is_err());
    // Who did not ask for an explicit start may add readers at any time.
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.start();
    rx.add_buffer_reader(single(1)).unwrap();
    assert_eq!(rx.next_heap().unwrap().cnt(), 1);
}

#[test]
fn b40_with_explicit_start_nothing_comes_before_it_and_all_after() {
    let queue = InprocQueue::new();
    let rx = stream(RecvConfig { explicit_start: true, ..RecvConfig::default() }, &queue);
    add(&queue, [single(1)].into_iter().chain(halves(2)));
    queue.stop();
    for _ in 0..3 {
        assert!(rx.try_next_heap().unwrap().is_none());
    }
    assert_eq!((rx.stats().packets, queue.len()), (0, 3));
    rx.start();
    rx.start();
    let received = drain(&rx, &queue);
    assert_eq!(received.heaps(), ["1: whole", "2: whole"]);
    assert_eq!(received.stats(), [2, 3, 0, 0, 1]);
}

/// spead2 never sees empty addressed items.
#[test]
fn an_empty_addressed_control_item_says_nothing() {
    let heap = |item: &[u8]| Heap::builder(Flavour::SPEAD_64_48).item(6, item.to_vec()).build().unwrap();
    let says = |heap: &Heap| (heap.is_start_of_stream(), heap.is_end_of_stream());
    assert_eq!(says(&heap(&[])), (false, false));
    assert_eq!(says(&heap(&[0])), (true, false));
    assert_eq!(says(&heap(&[0, 2])), (false, true));
    let received = receive(RecvConfig::default(), Packetizer::new(&heap(&[]), 1, 1472).unwrap().iter());
    assert_eq!(received.whole(), &heap(&[]), "the item is kept");
    assert_eq!(says(received.whole()), (false, false));
}

#[test]
fn after_the_stop_what_is_no_packet_is_not_counted_either() {
    let mut reassembler = Reassembler::new(RecvConfig::default()).unwrap();
    let bytes = single(1);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(reassembler.push(&packet, Origin::FOREIGN), Outcome::Accepted);
    reassembler.stop();
    let before = (reassembler.stats().clone(), reassembler.ledger().to_string());
    assert_eq!(reassembler.push(&packet, Origin::FOREIGN), Outcome::Stopped);
    assert_eq!(reassembler.push_broken(PacketError::Magic { found: 1 }, Origin::FOREIGN), Outcome::Stopped);
    assert_eq!((reassembler.stats().clone(), reassembler.ledger().to_string()), before);
}
