use std::{
    cell::RefCell,
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use spead_inproc::{
    Harness,
    harness::{Faults, Order, Select, Sweep, WireView},
};

use super::{PACKET, heap};

fn three_by_three(harness: &Harness) {
    for sender in 0..3 {
        harness.sender(sender).send_heap(heap(sender, 0, 3).repeat_pointers()).unwrap();
    }
}

fn sweep(senders: usize) -> Sweep {
    Sweep::new(Harness::builder().senders(senders).packet_size(PACKET))
}

/// What a sweep that must fail says.
fn failure(sweep: Sweep, body: impl Fn(&mut Harness)) -> String {
    let payload = catch_unwind(AssertUnwindSafe(|| sweep.run(body))).expect_err("the sweep found nothing");
    payload.downcast_ref::<String>().expect("a text").clone()
}

#[test]
fn three_senders_of_three_packets_have_1680_orders() {
    let seen = RefCell::new(BTreeSet::new());
    let runs = sweep(3).exhaustive(1680).run(|harness| {
        three_by_three(harness);
        assert_eq!(harness.receiver().collect().unwrap().len(), 3);
        seen.borrow_mut().insert(super::arrivals(harness));
    });
    assert_eq!((runs, seen.borrow().len()), (1680, 1680));
}

#[test]
fn the_bound_is_kept() {
    let text = failure(sweep(3).exhaustive(1679), |harness| {
        three_by_three(harness);
        harness.receiver().collect().unwrap();
    });
    assert!(text.starts_with("more than 1679 interleavings"), "{text}");
}

/// A receiver of the user's with a mistake: it loses count if sender 2 is through before the others start, as in 20 of the
/// 1,680 orders.
fn planted(harness: &mut Harness) {
    three_by_three(harness);
    harness.receiver().collect().unwrap();
    assert!(!super::arrivals(harness).starts_with("2.0 2.1 2.2"), "the correlator lost count");
}

#[test]
fn a_planted_bug_is_found_and_shrunk() {
    let text = failure(sweep(3).exhaustive(1680), planted);
    let again = text.find("\nagain: ").unwrap();
    insta::assert_snapshot!(&text[..again], @r"
    interleaving 1661 fails: the correlator lost count
      at tests/it/faults/sweep.rs:55:5
    shrunk to the order of 3 packets of 9; the others come as they were sent:
        .order(Order::script([(2, 0, 0), (2, 0, 1), (2, 0, 2)]))
    ");
    assert!(text[again..].starts_with("\nagain: SPEAD_INPROC_CHOICES=2,2,2,0,0,0 cargo "), "{text}");
    // What is printed fails indeed.
    let order = Order::script([(2, 0, 0), (2, 0, 1), (2, 0, 2)]);
    let mut harness = Harness::builder().senders(3).packet_size(PACKET).order(order).build().unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| planted(&mut harness))).is_err());
}

#[test]
fn a_seed_that_fails_is_shrunk_and_repeated() {
    let text = failure(sweep(3).seeds(0..1000), planted);
    let again = text.find("\nagain: ").unwrap();
    insta::assert_snapshot!(&text[..again], @r"
    seed 11 fails: the correlator lost count
      at tests/it/faults/sweep.rs:55:5
    shrunk to the order of 3 packets of 9; the others come as they were sent:
        .order(Order::script([(2, 0, 0), (2, 0, 1), (2, 0, 2)]))
    ");
    assert!(text[again..].starts_with("\nagain: SPEAD_INPROC_SEED=11 cargo "), "{text}");
}

#[test]
fn the_faults_that_matter_are_left_over() {
    let builder = Harness::builder().senders(2).out_of_order().packet_size(PACKET);
    let lossy = Faults::new().drop("loss", Select::all().chance(0.3, 5));
    let text = failure(Sweep::new(builder.faults(lossy)).seeds(0..20), |harness| {
        for time in 0..5 {
            (0..2).for_each(|sender| {
                assert!(harness.sender(sender).send_heap(heap(sender, time, 3).repeat_pointers()).is_ok())
            });
        }
        harness.stop();
        let wire = harness.receiver().wire_view();
        assert!(wire.contains("sender 1: heap 0x6 16..32"), "the calibrator was not seen");
    });
    let again = text.find("\nagain: ").unwrap();
    insta::assert_snapshot!(&text[..again], @r#"
    seed 1 fails: the calibrator was not seen
      at tests/it/faults/sweep.rs:100:9
    shrunk: the order does not matter
        .faults(Faults::new()
            .drop("loss", Select::all().senders([1]).heaps([2]).packets([1])))
    "#);
}
