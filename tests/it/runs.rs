//! A queue holds a heap as one entry, whose packets come into being when they are read. Nobody can tell.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*};
use spead_inproc::{
    Event, Flavour, GroupMode, Heap, InprocQueue, RecvConfig, RecvStream, SendConfig, SendStream, Stats,
    heap::Origin,
    stream::{AlteredPacket, Entry, PacketSink, Refused},
};
use support::strategies::{config, heaps};

const FLAVOUR: Flavour = Flavour::SPEAD_64_48;
const SENDERS: usize = 2;

/// What becomes of a heap on its way into the queue.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// One entry for all of its packets.
    Run,
    /// An entry for each packet.
    Packets,
    /// The bytes of each packet, which share nothing with the heap.
    Flat,
}

#[derive(Debug)]
struct Flattening(InprocQueue);

impl PacketSink for Flattening {
    fn put(&self, entry: Entry) -> Result<(), Refused> {
        let origin = entry.origin();
        entry
            .packets()
            .into_iter()
            .try_for_each(|bytes| self.0.put(Entry::Altered(Box::new(AlteredPacket { bytes, origin }))))
    }

    fn stop(&self) {
        self.0.stop();
    }
}

/// A heap, who sends it, and its cnt: few, so that senders collide, repeat themselves and come late.
#[derive(Debug, Clone)]
struct Sent {
    heap: Heap,
    sender: usize,
    cnt: u64,
    repeat: bool,
}

fn sent() -> impl Strategy<Value = Sent> {
    let heap = prop_oneof![
        8 => heaps(FLAVOUR, 6, 700),
        4 => heaps(FLAVOUR, 2, 60),
        1 => Just(Heap::start_of_stream(FLAVOUR)),
        1 => Just(Heap::end_of_stream(FLAVOUR)),
    ];
    (heap, 0..SENDERS, 1..6_u64, any::<bool>()).prop_map(|(heap, sender, cnt, repeat)| Sent {
        heap,
        sender,
        cnt,
        repeat,
    })
}

/// All that a receiver can tell of what it got, and how many packets were left.
#[derive(Debug, PartialEq)]
struct Told {
    events: Vec<String>,
    heaps: Vec<Heap>,
    stats: Stats,
    ledger: String,
    stories: Vec<String>,
    left: usize,
}

/// Sends all of it, each sender into a queue of its own, which one stream reads in turn; or all into one queue.
fn told(way: Way, sent: &[Sent], packet_size: usize, queues: usize, config: RecvConfig) -> Told {
    let queues: Vec<_> = (0..queues).map(|_| InprocQueue::new()).collect();
    let senders: Vec<_> = (0..SENDERS)
        .zip(0..)
        .map(|(sender, index)| {
            let queue = queues[sender % queues.len()].clone();
            let sink: Arc<dyn PacketSink> =
                if way == Way::Flat { Arc::new(Flattening(queue)) } else { Arc::new(queue) };
            let settings = SendConfig { max_packet_size: packet_size, ..SendConfig::default() };
            SendStream::over([sink], settings, Origin::sender(index)).unwrap()
        })
        .collect();
    for Sent { heap, sender, cnt, repeat } in sent {
        let reference = heap.with_cnt(*cnt);
        let reference = if *repeat { reference.repeat_pointers() } else { reference };
        // A group of one, in turn, is an entry for each packet.
        let mode = if way == Way::Packets { GroupMode::RoundRobin } else { GroupMode::Serial };
        // What cannot be cut so is refused the same way each time.
        senders[*sender].send_heaps(&[reference], mode).ok();
    }
    let rx = RecvStream::new(config).unwrap();
    for queue in &queues {
        queue.stop();
        rx.add_inproc_reader(queue).unwrap();
    }
    let events: Vec<_> = std::iter::from_fn(|| rx.next_event().ok()).collect();
    let ledger = rx.ledger();
    Told {
        heaps: events.iter().cloned().filter_map(Event::into_heap).map(|heap| heap.heap().clone()).collect(),
        events: events.iter().map(|event| format!("{event:?}")).collect(),
        stats: rx.stats(),
        stories: (0..6).map(|cnt| ledger.explain(cnt).to_string()).collect(),
        ledger: format!("{ledger:?}"),
        left: queues.iter().map(InprocQueue::len).sum(),
    }
}

proptest! {
    #![proptest_config(config(256))]

    /// Heaps, order, counts, statistics, ledger and stories, and what a stop leaves in the queue.
    #[test]
    fn nobody_can_tell_how_a_heap_is_queued(
        sent in vec(sent(), 1..12),
        packet_size in 80_usize..600,
        queues in 1..=SENDERS,
        max_heaps in 1_usize..4,
        substreams in 1_usize..3,
        (allow_out_of_order, stop_on_stop_item, allow_unsized_heaps) in any::<(bool, bool, bool)>(),
    ) {
        let config = RecvConfig {
            max_heaps, substreams, allow_out_of_order, stop_on_stop_item, allow_unsized_heaps, ..RecvConfig::default()
        };
        let run = told(Way::Run, &sent, packet_size, queues, config);
        prop_assert_eq!(&told(Way::Packets, &sent, packet_size, queues, config), &run);
        prop_assert_eq!(&told(Way::Flat, &sent, packet_size, queues, config), &run);
    }
}
