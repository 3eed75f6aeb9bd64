use spead_inproc::{Flavour, Harness, Heap, harness::Lint};

/// A stream tells what it sent last; who shared a heap cnt with whom is known of all heaps.
#[test]
fn the_last_heaps_are_kept_and_all_cnts() {
    const KEPT: usize = 1 << 16;
    let harness = Harness::builder().senders(2).build().unwrap();
    let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 5).build().unwrap();
    let tx = harness.sender(0);
    tx.set_cnt_sequence(100, 1).unwrap();
    for _ in 0..KEPT + 10 {
        tx.send_heap(&heap).unwrap();
    }
    let sent = tx.sent();
    assert_eq!((sent.len(), sent[0].cnt().get()), (KEPT, 110));
    // One that is kept, one that is not, and one that nobody else has.
    for cnt in [102, 110, 99] {
        harness.sender(1).set_cnt_sequence(cnt, 1).unwrap();
        harness.sender(1).send_heap(&heap).unwrap();
    }
    assert_eq!(harness.sender(1).sent().len(), 3);
    let shared: Vec<u64> = (harness.finish().lints.iter())
        .filter_map(|lint| match lint {
            Lint::SharedCnt { cnt, first, second } if first < second => Some(cnt.get()),
            _ => None,
        })
        .collect();
    assert_eq!(shared, [102, 110]);
}
