//! Behaviours 67 to 72: what is counted, and which settings cannot work.

use spead_inproc::{
    BugCompat, Harness, HarnessError, InprocQueue, RecvConfig, RecvConfigError, RecvError, RecvStream, SendConfig,
    SendConfigError, SendStream, recv::StatMode,
};

use super::{halves, single};

/// The ring of ready heaps, whose size could be 0 too, comes with the background mode.
#[test]
fn b67_windows_for_no_heaps_are_refused() {
    let error = |config| RecvStream::new(config).unwrap_err();
    assert_eq!(error(RecvConfig { max_heaps: 0, ..RecvConfig::default() }), RecvConfigError::NoHeaps);
    assert_eq!(error(RecvConfig { substreams: 0, ..RecvConfig::default() }), RecvConfigError::NoSubstreams);
    let bug_compat = BugCompat::from_bits(8);
    assert_eq!(error(RecvConfig { bug_compat, ..RecvConfig::default() }), RecvConfigError::BugCompat { bits: 8 });
    let (max_heaps, substreams) = (1 << 20, 1 << 20);
    assert_eq!(
        error(RecvConfig { max_heaps, substreams, ..RecvConfig::default() }),
        RecvConfigError::Window { max_heaps, substreams }
    );
    RecvStream::new(RecvConfig { max_heaps: 1, substreams: 1, ..RecvConfig::default() }).unwrap();

    let none = SendConfig { max_heaps: 0, ..SendConfig::default() };
    assert_eq!(SendStream::new(&InprocQueue::new(), none).unwrap_err(), SendConfigError::NoHeaps);
    let error = SendStream::with_substreams(&[], SendConfig::default()).unwrap_err();
    assert_eq!(error, SendConfigError::NoSubstreams);
    let error = Harness::builder().max_heaps(0).build().unwrap_err();
    assert_eq!(error, HarnessError::Recv(RecvConfigError::NoHeaps));
}

#[test]
fn b68_statistics_are_final_when_the_stream_has_ended() {
    let queue = InprocQueue::new();
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    for packet in [single(1)].into_iter().chain(halves(2)) {
        queue.add_packet(packet).unwrap();
    }
    // The last packet is counted as soon as its heap is there, not only when a batch ends.
    rx.next_heap().unwrap();
    let first = rx.stats();
    assert_eq!((first.heaps, first.packets, first.batches, first.max_batch), (1, 1, 1, 1));
    rx.next_heap().unwrap();
    let last = rx.stats();
    assert_eq!((last.heaps, last.packets, last.batches, last.max_batch, last.single_packet_heaps), (2, 3, 3, 1, 1));
    queue.stop();
    for _ in 0..2 {
        assert!(matches!(rx.next_heap(), Err(RecvError::Stopped)));
        assert_eq!(rx.stats(), last);
    }
    rx.stop();
    assert_eq!(rx.stats(), last);
    assert_eq!(last.diff(&first).unwrap().packets, 2);
}

#[test]
fn b69_two_streams_of_one_configuration_share_no_statistics() {
    let config = RecvConfig::default();
    let [a, b] = [(); 2].map(|()| RecvStream::new(config).unwrap());
    let saturated = a.add_stat("saturated", StatMode::Counter).unwrap();
    a.count(saturated, 5);
    assert_eq!((a.stats().get("saturated"), b.stats().get("saturated")), (Some(5), None));
    let own = b.add_stat("saturated", StatMode::Maximum).unwrap();
    b.count(own, 2);
    b.count(own, 1);
    assert_eq!((a.stats().get("saturated"), b.stats().get("saturated")), (Some(5), Some(2)));
    assert!(a.stats().merge(&b.stats()).is_err(), "one is a counter, the other a maximum");
}

#[test]
fn b70_names_of_statistics_are_unique_and_an_unknown_one_is_not_found() {
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    let built_in = rx.stats();
    let names: Vec<_> = built_in.iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "heaps",
            "incomplete_heaps_evicted",
            "incomplete_heaps_flushed",
            "packets",
            "batches",
            "max_batch",
            "single_packet_heaps",
            "search_dist",
            "worker_blocked"
        ]
    );
    for name in names {
        assert_eq!(rx.add_stat(name, StatMode::Counter).unwrap_err().name, name);
    }
    rx.add_stat("mine", StatMode::Counter).unwrap();
    rx.add_stat("mine", StatMode::Maximum).unwrap_err();
    assert_eq!(rx.stats().iter().last(), Some(("mine", 0)));
    assert_eq!(rx.stats().get("yours"), None);
}

#[test]
fn statistics_that_do_not_go_together_name_the_first_that_differs() {
    let stats = |names: &[(&str, StatMode)]| {
        let rx = RecvStream::new(RecvConfig::default()).unwrap();
        names.iter().for_each(|(name, mode)| assert!(rx.add_stat(name, *mode).is_ok()));
        rx.stats()
    };
    let (a, b, c) = (("a", StatMode::Counter), ("b", StatMode::Counter), ("c", StatMode::Counter));
    let cases = [
        (vec![a, b], vec![b, a], "a"),
        (vec![c, a, b], vec![c, b, a], "a"),
        (vec![a], vec![a, b], "b"),
        (vec![a, b], vec![a], "b"),
        (vec![a, b], vec![a, ("b", StatMode::Maximum)], "b"),
    ];
    for (left, right, name) in cases {
        assert_eq!(stats(&left).merge(&stats(&right)).unwrap_err().name, name);
        assert_eq!(stats(&left).diff(&stats(&right)).unwrap_err().name, name);
    }
    let error = stats(&[a, b]).merge(&stats(&[b, a])).unwrap_err().to_string();
    assert!(error.contains("add the same statistics in the same order"), "{error}");
}
