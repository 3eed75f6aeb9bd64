use spead_inproc::{
    Event, Fate, Harness, HarnessBuilder,
    harness::{Act, Faults, Field, Lint, Select},
    recv::PlannedAct,
};

use super::{PACKET, arrivals, heap};

fn builder(faults: Faults) -> HarnessBuilder {
    Harness::builder().packet_size(PACKET).out_of_order().faults(faults)
}

/// One heap of six packets under a plan.
fn six(faults: Faults) -> Harness {
    let harness = builder(faults).build().unwrap();
    harness.sender(0).send_heap(heap(0, 0, 6).repeat_pointers()).unwrap();
    harness.stop();
    harness
}

#[test]
fn each_act_does_what_it_says() {
    let one = |at| Select::all().packets([at]);
    let after = |faults| arrivals(&six(faults));
    assert_eq!(after(Faults::new()), "0.0 0.1 0.2 0.3 0.4 0.5");
    assert_eq!(after(Faults::new().drop("d", one(2))), "0.0 0.1 0.3 0.4 0.5");
    assert_eq!(after(Faults::new().duplicate("d", one(2))), "0.0 0.1 0.2 0.2 0.3 0.4 0.5");
    assert_eq!(after(Faults::new().delay("d", one(1), 2)), "0.0 0.2 0.3 0.1 0.4 0.5");
    assert_eq!(after(Faults::new().delay("d", one(4), 9)), "0.0 0.1 0.2 0.3 0.5 0.4");
    assert_eq!(after(Faults::new().swap("s", one(1), one(4))), "0.0 0.4 0.2 0.3 0.1 0.5");
    assert_eq!(after(Faults::new().swap("s", one(1), one(9))), "0.0 0.1 0.2 0.3 0.4 0.5");
    assert_eq!(after(Faults::new().truncate("t", one(3), 20)), "0.0 0.1 0.2 ? 0.4 0.5");
    assert_eq!(after(Faults::new().inject("i", one(3), "not SPEAD")), "0.0 0.1 0.2 ? 0.3 0.4 0.5");
    assert_eq!(after(Faults::new().rule("c", one(3), Act::Corrupt(Field::Magic))), "0.0 0.1 0.2 ? 0.4 0.5");
}

#[test]
fn a_flipped_bit_changes_the_data_and_nothing_else() {
    let bit = 8 * (PACKET - 1) + 7;
    let harness = six(Faults::new().rule("last bit", Select::all().packets([1]), Act::FlipBit(bit)));
    let got = harness.receiver().next_heap().unwrap();
    let data = got.item(0x4300).unwrap().bytes().to_vec();
    let wrong: Vec<usize> = (0..data.len()).filter(|at| data[*at] != 0).collect();
    assert_eq!((wrong, data[31]), (vec![31], 1));
    assert!(harness.expected(0x1600, 0x4101).has(0, 0));
}

#[test]
fn heaps_are_selected_by_sender_cnt_value_and_number() {
    let lost = |select| {
        let harness = builder(Faults::new().drop("lost", select)).senders(2).build().unwrap();
        for time in 0..3 {
            for sender in 0..2 {
                harness.sender(sender).send_heap(&heap(sender, 10 * time, 2)).unwrap();
            }
        }
        let expected = harness.expected(0x1600, 0x4101);
        let heaps: Vec<_> = harness.receiver().collect().unwrap();
        assert_eq!(expected.found_in(&heaps), expected);
        expected.missing().collect::<Vec<_>>()
    };
    assert_eq!(lost(Select::all().senders([1])), [(0, 1), (10, 1), (20, 1)]);
    assert_eq!(lost(Select::all().cnts([3])), [(10, 0)]);
    assert_eq!(lost(Select::all().heaps([0, 2]).senders([0])), [(0, 0), (20, 0)]);
    assert_eq!(lost(Select::all().items(0x1600, [10])), [(10, 0), (10, 1)]);
    assert_eq!(lost(Select::all().items(0x1600, [10]).items(0x4101, [1]).packets([1])), [(10, 1)]);
    assert_eq!(lost(Select::all().chance(0.0, 1)), []);
    assert_eq!(lost(Select::all().chance(1.0, 1)).len(), 6);
}

#[test]
fn the_first_rule_wins_and_guards_end_with_their_scope() {
    let harness = builder(Faults::new().duplicate("first", Select::all().heaps([1]))).build().unwrap();
    let send = |time| {
        harness.sender(0).send_heap(&heap(0, time, 1)).unwrap();
    };
    {
        let _silence = harness.fault("silence", Select::all(), Act::Drop);
        (0..3).for_each(send);
    }
    send(3);
    let times: Vec<_> = harness.receiver().collect().unwrap();
    let times: Vec<_> = times.iter().map(|heap| heap.item(0x1600).unwrap().as_immediate().unwrap()).collect();
    assert_eq!(times, [1, 1, 3]);
    let report = harness.finish();
    assert_eq!(
        report.done.iter().map(|done| (&*done.rule, done.heap)).collect::<Vec<_>>(),
        [("silence", 0), ("first", 1), ("silence", 2)]
    );
    let text = report.to_string();
    assert!(text.contains("dropped by plan: 2 packets from sender 0 (silence)\n"), "{text}");
    assert!(text.contains("duplicated by plan: 1 packet from sender 0 (first)\n"), "{text}");
}

#[test]
fn a_guard_lets_go_what_it_delays() {
    let harness = builder(Faults::new()).build().unwrap();
    let late = harness.fault("late", Select::all().heaps([0]), Act::Delay(100));
    harness.sender(0).send_heap(&heap(0, 0, 1)).unwrap();
    harness.sender(0).send_heap(&heap(0, 1, 1)).unwrap();
    assert_eq!(harness.receiver().collect().unwrap().len(), 1);
    let error = harness.receiver().next_heap().unwrap_err().to_string();
    assert!(error.contains("delayed by plan: 1 packet from sender 0 (late)\nwaiting: 1 packet"), "{error}");
    drop(late);
    assert_eq!(harness.receiver().collect().unwrap().len(), 1);
}

#[test]
fn reorder_in_order_mode_is_pointed_out() {
    let run = |faults| {
        let harness = Harness::builder().packet_size(PACKET).faults(faults).build().unwrap();
        harness.sender(0).send_heap(heap(0, 0, 3).repeat_pointers()).unwrap();
        harness.sender(0).send_heap(heap(0, 1, 3).repeat_pointers()).unwrap();
        harness.finish()
    };
    let report = run(Faults::new().delay("jitter", Select::all().packets([1]).heaps([0]), 1));
    assert!(report.lints.contains(&Lint::PlanReorders { rule: "jitter".to_owned() }), "{:?}", report.lints);
    // Two heaps that change places whole are no trouble.
    let report = run(Faults::new().swap("swapped", Select::all().heaps([0]), Select::all().heaps([1])));
    assert_eq!(report.lints, []);
    let cnts: Vec<_> = report.receivers[0].events.iter().map(|event| event.cnt().get()).collect();
    assert_eq!(cnts, [2, 1]);
}

#[test]
fn a_plan_is_printed_as_it_is_written() {
    let faults = Faults::new()
        .drop("antenna 2", Select::all().senders([2]).items(0x1600, [4096]))
        .delay("late", Select::all().chance(0.25, 7), 3)
        .rule("bits", Select::all().cnts([5]), Act::Corrupt(Field::HeapCnt));
    insta::assert_snapshot!(faults.to_string(), @r#"
    Faults::new()
        .drop("antenna 2", Select::all().senders([2]).items(0x1600, [4096]))
        .delay("late", Select::all().chance(0.25, 7), 3)
        .rule("bits", Select::all().cnts([5]), Act::Corrupt(Field::HeapCnt))
    "#);
}

#[test]
fn what_is_dropped_is_missing_from_the_heap() {
    let harness = six(Faults::new().drop("two", Select::all().packets([2, 4])));
    let Event::Incomplete(heap) = harness.receiver().next_event().unwrap() else { panic!("whole") };
    assert_eq!(heap.missing_ranges(), [32..48, 64..80]);
    assert_eq!(harness.finish().receivers[0].ledger.of(Fate::Flushed), 4);
}

/// What the plan did is known where everything else is: by heap, by sender, and with the name of its rule.
#[test]
fn acts_are_fates_in_the_ledger() {
    let faults = Faults::new()
        .drop("two", Select::all().packets([2, 4]))
        .truncate("short", Select::all().packets([1]), 20)
        .duplicate("twice", Select::all().heaps([0]).packets([0]))
        .drop("silence", Select::all().heaps([1]));
    let harness = builder(faults).build().unwrap();
    harness.sender(0).send_heap(heap(0, 0, 6).repeat_pointers()).unwrap();
    harness.sender(0).send_heap(heap(0, 1, 1).repeat_pointers()).unwrap();
    harness.stop();
    while harness.receiver().next_event().is_ok() {}
    let ledger = harness.receiver().ledger();
    assert_eq!((ledger.received(), ledger.of(Fate::Dropped), ledger.total().live()), (5, 3, 0));
    let acts = ledger.planned().map(|act| (&*act.rule, act.act, act.cnt.get(), act.packet)).collect::<Vec<_>>();
    assert_eq!(
        acts,
        [
            ("twice", PlannedAct::Duplicated, 1, 0),
            ("short", PlannedAct::Truncated, 1, 1),
            ("two", PlannedAct::Dropped, 1, 2),
            ("two", PlannedAct::Dropped, 1, 4),
            ("silence", PlannedAct::Dropped, 2, 0),
        ]
    );
    insta::assert_snapshot!(format!("{ledger}{}{}", ledger.explain(1), ledger.explain(2)));
}
