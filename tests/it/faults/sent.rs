use spead_inproc::{Flavour, Harness, Heap, HeapCnt, harness::Lint, heap::Origin};

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

/// Heaps with one cnt are taken for one only where both come.
#[test]
fn a_cnt_is_shared_where_senders_meet() {
    let addresses = ["239.102.1.0:7148", "239.102.1.1:7148", "239.102.1.2:7148"];
    let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 5).build().unwrap();
    let shared = |subscribed: &[&str]| {
        let harness = Harness::builder().groups("239.102.1.0+2:7148").build().unwrap();
        let _receivers: Vec<_> = subscribed.iter().map(|text| harness.groups().receiver(text).unwrap()).collect();
        for address in addresses {
            harness.groups().sender(address).unwrap().send_heap(heap.with_cnt(7)).unwrap();
        }
        harness.finish().lints
    };
    assert_eq!(shared(&addresses), []);
    let (second, third) = (Origin::sender(1), Origin::sender(2));
    let cnt = HeapCnt::new(7, Flavour::SPEAD_64_48).unwrap();
    assert_eq!(shared(&[addresses[0], "239.102.1.1+1:7148"]), [Lint::SharedCnt { cnt, first: second, second: third }]);
}
