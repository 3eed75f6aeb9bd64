//! Payload is shared, not copied.

use bytes::Bytes;
use rstest::rstest;
use spead_inproc::{Flavour, Heap, InprocQueue, RecvConfig, RecvStream, SendConfig, SendStream};

const A: u64 = 0x4300;
const B: u64 = 0x4301;

fn through(heap: &Heap, packet_size: usize) -> Heap {
    let queue = InprocQueue::new();
    let tx = SendStream::new(&queue, SendConfig { max_packet_size: packet_size, ..SendConfig::default() }).unwrap();
    tx.send_heap(heap).unwrap();
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    rx.next_heap().unwrap().heap().clone()
}

fn place(heap: &Heap, id: u64) -> (*const u8, usize) {
    let bytes = heap.item(id).unwrap().bytes();
    (bytes.as_ptr(), bytes.len())
}

#[rstest]
#[case::packets_of_1472(1472)]
#[case::packets_of_9000(9000)]
#[case::packets_of_65536(65536)]
fn a_heap_of_16_mib_is_the_senders_own_allocation(#[case] packet_size: usize) {
    let heap = Heap::builder(Flavour::SPEAD_64_48).item(A, vec![7; 16 << 20]).build().unwrap();
    let received = through(&heap, packet_size);
    assert_eq!(place(&received, A), place(&heap, A));
}

#[test]
fn items_that_share_packets_are_each_the_senders_own() {
    let buffer = Bytes::from((0..10_000_u32).flat_map(u32::to_be_bytes).collect::<Vec<_>>());
    let heap = Heap::builder(Flavour::SPEAD_64_48)
        .item(A, buffer.slice(100..20_001))
        .immediate(0x1600, 5)
        .item(B, buffer.slice(30_000..))
        .item(0x4302, vec![1, 2, 3])
        .build()
        .unwrap();
    let received = through(&heap, 1472);
    assert_eq!(received, heap);
    for id in [A, B, 0x4302] {
        assert_eq!(place(&received, id), place(&heap, id));
    }
}

#[test]
fn neighbours_in_one_buffer_are_told_apart() {
    let buffer = Bytes::from(vec![9; 8000]);
    let heap = Heap::builder(Flavour::SPEAD_64_48)
        .item(A, buffer.slice(..4000))
        .item(B, buffer.slice(4000..))
        .build()
        .unwrap();
    let received = through(&heap, 1472);
    assert_eq!(place(&received, A), place(&heap, A));
    assert_eq!(place(&received, B), place(&heap, B));
}

#[test]
fn a_disturbed_heap_is_copied_once_and_whole() {
    let heap = Heap::builder(Flavour::SPEAD_64_48)
        .item(A, (0..=255).cycle().take(50_000).collect::<Vec<u8>>())
        .build()
        .unwrap();
    let queue = InprocQueue::new();
    let mut packets: Vec<_> = spead_inproc::Packetizer::new(&heap, 1, 1472).unwrap().iter().collect();
    packets.swap(3, 20);
    packets.into_iter().for_each(|packet| queue.add_packet(packet).unwrap());
    let rx = RecvStream::new(RecvConfig { allow_out_of_order: true, ..RecvConfig::default() }).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    let received = rx.next_heap().unwrap();
    assert_eq!(received.heap(), &heap);
    assert_ne!(place(&received, A), place(&heap, A));
}
