//! The texts that explain typical mistakes: read them as a newcomer would.

use spead_inproc::{Flavour, Harness, HarnessBuilder, Heap, Packetizer, RecvError};

fn heap(len: usize) -> Heap {
    Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 7).item(0x4300, vec![1; len]).build().unwrap()
}

fn harness(senders: usize) -> HarnessBuilder {
    Harness::builder().senders(senders)
}

#[track_caller]
fn check(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn over_read() {
    let harness = harness(2).build().unwrap();
    harness.sender(0).send_heap(&heap(8)).unwrap();
    harness.sender(1).send_heap(&heap(3000)).unwrap();
    let rx = harness.receiver();
    rx.next_heap().unwrap();
    rx.next_heap().unwrap();
    let Err(error @ RecvError::Starved(_)) = rx.next_heap() else { panic!("not starved") };
    check("over_read", &error.to_string());
}

#[test]
fn over_read_of_a_heap_that_came_in_part() {
    let harness = harness(1).build().unwrap();
    let mut packets: Vec<_> = Packetizer::new(&heap(5000), 3, 1472).unwrap().iter().collect();
    packets.remove(2);
    packets.into_iter().for_each(|packet| harness.queue().add_packet(packet).unwrap());
    let error = harness.receiver().next_heap().unwrap_err();
    check("over_read_of_a_heap_that_came_in_part", &error.to_string());
}

#[test]
fn too_small_max_heaps() {
    let harness = harness(3).max_heaps(2).substreams(1).build().unwrap();
    let packets = |cnt| Packetizer::new(&heap(2000), cnt, 1472).unwrap().iter().collect::<Vec<_>>();
    let lanes = [packets(1), packets(2), packets(3)];
    for turn in 0..2 {
        lanes.iter().for_each(|lane| harness.queue().add_packet(lane[turn].clone()).unwrap());
    }
    check("too_small_max_heaps", &harness.finish().explain());
}

#[test]
fn reorder_in_order_mode() {
    let harness = harness(1).build().unwrap();
    let mut packets: Vec<_> = Packetizer::new(&heap(5000), 1, 1472).unwrap().iter().collect();
    packets.swap(1, 2);
    packets.into_iter().for_each(|packet| harness.queue().add_packet(packet).unwrap());
    check("reorder_in_order_mode", &harness.finish().explain());
}

#[test]
fn colliding_heap_cnts() {
    let harness = harness(2).packet_size(1472).build().unwrap();
    // Both forget that they share a receiver. Their packets meet in one heap.
    let (long, short) = (heap(4000), heap(3500));
    harness.sender(0).send_heap(long.with_cnt(5)).unwrap();
    harness.sender(1).send_heap(short.with_cnt(5)).unwrap();
    check("colliding_heap_cnts", &harness.finish().explain());
}

#[test]
fn early_stop_item() {
    let harness = harness(2).build().unwrap();
    harness.sender(1).send_heap(&heap(3000)).unwrap();
    harness.sender(0).send_heap(&Heap::end_of_stream(Flavour::SPEAD_64_48)).unwrap();
    harness.sender(1).send_heap(&heap(3000)).unwrap();
    check("early_stop_item", &harness.finish().explain());
}

#[test]
fn explain_tells_of_heaps_that_arrived_too() {
    let harness = harness(1).build().unwrap();
    harness.sender(0).send_heap(&heap(10)).unwrap();
    harness.receiver().next_heap().unwrap();
    let ledger = harness.receiver().ledger();
    assert_eq!(ledger.explain(1).to_string(), "heap 0x1: delivered whole\n");
    assert_eq!(ledger.explain(2).to_string(), "heap 0x2: nothing of it came\n");
}

#[test]
fn the_drawing_is_svg_too() {
    let harness = harness(1).build().unwrap();
    harness.queue().add_packet("<no packet> & nothing like it").unwrap();
    let report = harness.finish();
    let svg = report.receivers[0].trace.svg();
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert_eq!(
        svg.matches("<rect").count(),
        svg.matches("/>").count() - svg.matches("<line").count() + svg.matches("</rect>").count()
    );
}
