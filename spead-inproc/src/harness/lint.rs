use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use super::{Done, ReceiverReport, Step};
use crate::{
    heap::Origin,
    recv::{Count, Fate, Rejection},
    stream::Watch,
    wire::HeapCnt,
};

/// Something in a test that works, but hardly as it was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lint {
    /// Two senders gave different heaps the same cnt.
    SharedCnt {
        /// The cnt.
        cnt: HeapCnt,
        /// The one who used it.
        first: Origin,
        /// The other, who comes after it in the order of senders.
        second: Origin,
    },
    /// A stop item ended the stream while another sender's data were under way.
    StopCutsOff {
        /// The heap with the stop item.
        cnt: HeapCnt,
        /// Who sent it.
        by: Origin,
        /// Whose data were cut off.
        other: Origin,
        /// Packets of that sender that were flushed with their heaps or never read.
        packets: u64,
    },
    /// Packets came out of order, and the receiver takes them only in order.
    Reordered {
        /// Whose.
        origin: Origin,
        /// How many were rejected for it.
        packets: u64,
    },
    /// Heaps were queued to be sent by somebody else, and were not sent before the queue was stopped.
    NotSent {
        /// Whose.
        origin: Origin,
        /// How many; those of one call count together.
        heaps: u64,
    },
    /// A rule changes the order of packets within a heap, and the receiver takes them only in order.
    PlanReorders {
        /// The name of the rule.
        rule: String,
    },
}

impl Lint {
    /// What a fault plan asks for that its receivers cannot take.
    pub(super) fn of_plan(receivers: &[ReceiverReport], done: &[Done], passed: &[Step]) -> Vec<Self> {
        let mut lints: Vec<Self> = Vec::new();
        if receivers.iter().all(|receiver| receiver.config.allow_out_of_order) {
            return lints;
        }
        let mut reached: HashMap<(usize, Option<u64>), Option<u32>> = HashMap::new();
        let mut reordered: HashSet<(usize, Option<u64>)> = HashSet::new();
        for step in passed {
            let heap = (step.sender, step.heap);
            let last = reached.entry(heap).or_default();
            if *last > step.packet {
                reordered.insert(heap);
            }
            *last = step.packet.max(*last);
        }
        let hit = |done: &&Done| done.act.reorders() && reordered.contains(&(done.sender, Some(done.heap)));
        for done in done.iter().filter(hit) {
            let lint = Self::PlanReorders { rule: done.rule.to_string() };
            if !lints.contains(&lint) {
                lints.push(lint);
            }
        }
        lints
    }

    /// All that can be seen in what came of a test: of each receiver, and of what was left for it, by sender.
    pub(super) fn find<'r>(
        receivers: impl Iterator<Item = (&'r ReceiverReport, &'r Vec<(Origin, u64)>)> + Clone,
        watch: &Watch,
    ) -> Vec<Self> {
        let meet = |one, other| receivers.clone().any(|(receiver, left)| meet(receiver, left, one, other));
        let shared =
            watch.shared_cnts(meet).into_iter().map(|(cnt, first, second)| Self::SharedCnt { cnt, first, second });
        let mut lints: Vec<Self> = shared.collect();
        lints.extend(watch.unsent().map(|(origin, heaps)| Self::NotSent { origin, heaps }));
        for (receiver, left) in receivers {
            lints.extend(cut_off(receiver, left));
            let reordered = receiver
                .ledger
                .rejections()
                .filter(|(_, rejection, _)| matches!(rejection, Rejection::Gap { .. } | Rejection::NotStarted { .. }));
            for (origin, _, packets) in reordered {
                match lints.iter_mut().find(|lint| matches!(lint, Self::Reordered { origin: of, .. } if *of == origin))
                {
                    Some(Self::Reordered { packets: sum, .. }) => *sum += packets,
                    _ => lints.push(Self::Reordered { origin, packets }),
                }
            }
        }
        lints
    }
}

/// Whether the packets of two senders come to one receiver. Those that are not of groups share a queue, whoever reads it.
fn meet(receiver: &ReceiverReport, left: &[(Origin, u64)], one: Origin, other: Origin) -> bool {
    let comes = |origin| {
        let read = receiver.ledger.lanes().any(|(of, counts)| of == origin && counts.received() > 0);
        read || left.iter().any(|(of, _)| *of == origin)
    };
    receiver.addresses.is_none() || comes(one) && comes(other)
}

/// What a stop item cut off.
fn cut_off(receiver: &ReceiverReport, left: &[(Origin, u64)]) -> Vec<Lint> {
    let Some((cnt, by)) = receiver.ledger.stopped_by() else { return Vec::new() };
    let flushed = receiver.ledger.lanes().map(|(origin, counts)| (origin, counts.of(Fate::Flushed)));
    let mut lost: Vec<(Origin, u64)> = flushed.chain(left.iter().copied()).collect();
    lost.retain(|(origin, packets)| *origin != by && *packets > 0);
    lost.sort_unstable();
    lost.chunk_by(|(a, _), (b, _)| a == b)
        .map(|of| Lint::StopCutsOff { cnt, by, other: of[0].0, packets: of.iter().map(|(_, packets)| packets).sum() })
        .collect()
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SharedCnt { cnt, first, second } => write!(
                f,
                "{first} and {second} both sent a heap with cnt {cnt}: a receiver takes their packets for one heap; give \
                 each its own sequence with `set_cnt_sequence`"
            ),
            Self::StopCutsOff { cnt, by, other, packets } => write!(
                f,
                "the stop item of {by} (heap {cnt}) ended the stream while {} of {other} were under way: \
                 send it last, or set stop_on_stop_item = false",
                Count(*packets, "packet")
            ),
            Self::NotSent { origin, heaps } => write!(
                f,
                "{} of {origin} had been queued, and when the queue was stopped {} not sent, or not whole: wait for what \
                 `send_heap_async` returned, `flush()`, or step the stepper before the test is over",
                Count(*heaps, "heap"),
                if *heaps == 1 { "it was" } else { "they were" }
            ),
            Self::PlanReorders { rule } => write!(
                f,
                "the rule \"{rule}\" changes the order of packets within a heap, and this receiver takes them in order only: \
                 what is expected then is lost; set allow_out_of_order (`out_of_order` in a harness)"
            ),
            Self::Reordered { origin, packets } => write!(
                f,
                "{} of {origin} came out of order or after a lost one, and this receiver takes packets in \
                 order only: set allow_out_of_order (`out_of_order` in a harness) if the order may change",
                Count(*packets, "packet")
            ),
        }
    }
}
