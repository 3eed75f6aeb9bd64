use std::{collections::BTreeMap, fmt, iter, sync::Arc};

use super::{
    Descriptors, Done, Lint, artifact,
    comparison::ItemValue,
    group::Subscriber,
    link::{self, Link},
    render::{self, Known},
    tolerance::Tolerances,
};
use crate::{
    heap::Origin,
    inproc::InprocQueue,
    recv::{Count, Event, Fate, Ledger, RecvConfig, Rejection, Stats, Trace},
    stream::{PacketSource, RecvStream, Taken, Watch},
};

/// What became of everything that was sent through a [`Harness`](super::Harness). Its text is what a snapshot holds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// What each receiver got.
    pub receivers: Vec<ReceiverReport>,
    /// Packets that nobody read, since they came after a stop, by sender; with groups once for each receiver that was to
    /// have them.
    pub left: Vec<(Origin, u64)>,
    /// What the fault plan did, in order.
    pub done: Vec<Done>,
    /// What became of descriptors.
    pub descriptors: Descriptors,
    /// What looks like a mistake.
    pub lints: Vec<Lint>,
}

/// What one receiver got.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReceiverReport {
    /// Of a receiver of groups: the addresses that it subscribed to, as in `239.102.1.0+15:7148`.
    pub addresses: Option<String>,
    /// What it gave out, in that order, except what a snapshot in the body has shown.
    pub events: Vec<Event>,
    /// What it counted.
    pub stats: Stats,
    /// What became of its packets and heaps.
    pub ledger: Ledger,
    /// Its settings.
    pub config: RecvConfig,
    /// The last packets that it read.
    pub trace: Trace,
    /// What a snapshot in the body has shown: it may have said what items mean.
    before: Vec<Event>,
    pub(super) tolerances: Arc<Tolerances>,
}

impl ReceiverReport {
    /// Reads all that can be read now, and takes what was given out since the last report of this stream.
    pub(super) fn new(rx: &RecvStream, tolerances: &Arc<Tolerances>) -> Self {
        let (before, events) = rx.take_record();
        let (stats, ledger, config, trace) = (rx.stats(), rx.ledger(), rx.config(), rx.trace());
        Self { addresses: None, events, stats, ledger, config, trace, before, tolerances: Arc::clone(tolerances) }
    }

    /// What it is called among several.
    pub(super) fn called(&self, index: usize) -> String {
        let of = self.addresses.as_ref().map(|addresses| format!(" of {addresses}"));
        format!("receiver {index}{}", of.unwrap_or_default())
    }

    /// What was known of items before the first event.
    pub(super) fn known_before(&self) -> Known {
        let mut known = Known::default();
        for event in &self.before {
            if let Event::Heap(heap) = event {
                known.learn(heap);
            }
        }
        known
    }

    /// The values of all items that are known and can be read, in the order in which the text shows them.
    pub(super) fn values(&self) -> Vec<ItemValue> {
        let mut known = self.known_before();
        let mut values = Vec::new();
        for event in &self.events {
            let items = match event {
                Event::Heap(heap) => {
                    known.learn(heap);
                    heap.items()
                }
                Event::Incomplete(heap) => heap.items(),
            };
            values.extend(items.iter().filter_map(|item| {
                let (descriptor, value) = known.value(item)?;
                let tolerance = self.tolerances.get(descriptor.name()).copied();
                Some(ItemValue::new(item, descriptor, value, tolerance))
            }));
        }
        values
    }
}

impl Report {
    /// Reads what is left, after the queues have been stopped: of the harness's own receivers, and of those of groups.
    ///
    /// # Panics
    /// If a packet is unaccounted for.
    pub(super) fn new(
        (queue, own): (&InprocQueue, &[RecvStream]),
        subscribers: &[Subscriber],
        watch: &Watch,
        tolerances: &Arc<Tolerances>,
        link: Option<&Link>,
    ) -> Self {
        let mut receivers: Vec<_> = own.iter().map(|rx| ReceiverReport::new(rx, tolerances)).collect();
        receivers.extend(subscribers.iter().map(|Subscriber { endpoints, stream, .. }| ReceiverReport {
            addresses: Some(endpoints.to_string()),
            ..ReceiverReport::new(stream, tolerances)
        }));
        if let Some(link) = link {
            link.settle();
        }
        check(queue, own.iter());
        let (shared, alone) = (left(queue), subscribers.iter().map(|each| left(&each.queue)).collect::<Vec<_>>());
        let left_of_each = iter::repeat_n(&shared, own.len()).chain(&alone);
        let done = link.map(Link::done).unwrap_or_default();
        let mut lints = Lint::find(receivers.iter().zip(left_of_each), watch);
        lints.extend(Lint::of_plan(&receivers, &done, &link.map(Link::passed).unwrap_or_default()));
        let descriptors = link.map(|link| link.descriptors().clone()).unwrap_or_default();
        Self { receivers, left: sums(iter::once(shared).chain(alone).flatten()), done, descriptors, lints }
    }

    /// The same with the heaps of each receiver by sender and cnt: equal for all orders in which the same heaps arrive.
    pub(super) fn by_sender(&self) -> Self {
        let mut sorted = self.clone();
        for receiver in &mut sorted.receivers {
            receiver.events.sort_by_key(|event| match event {
                Event::Heap(heap) => (heap.origin(), heap.cnt()),
                Event::Incomplete(heap) => (heap.origin(), heap.cnt()),
            });
        }
        sorted
    }

    /// Tells what became of everything that was not used, and why; nothing if all was. Failing tests show it.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = String::new();
        for (index, receiver) in self.receivers.iter().enumerate() {
            let ledger = &receiver.ledger;
            let mut cnts: Vec<u64> = ledger.incomplete_heaps().map(|heap| heap.cnt.get()).collect();
            cnts.extend(ledger.refused_packets().filter_map(|packet| packet.place).map(|(cnt, _)| cnt.get()));
            cnts.sort_unstable();
            cnts.dedup();
            if self.receivers.len() > 1 && !cnts.is_empty() {
                text += &format!("{}:\n", receiver.called(index));
            }
            cnts.iter().take(STORIES).for_each(|cnt| text += &ledger.explain(*cnt).to_string());
            if cnts.len() > STORIES {
                text += &format!("and {} more heaps\n", cnts.len() - STORIES);
            }
            // What belongs to a heap has been told with it.
            let broken = ledger.rejections().filter(|(_, example, _)| matches!(example, Rejection::Packet(_)));
            for (origin, example, packets) in broken {
                text += &format!("rejected: {} of {origin}, e.g. {example}\n", Count(packets, "packet"));
            }
            if receiver.trace.has_trouble() {
                text += &receiver.trace.to_string();
            }
        }
        text += &link::lines(&self.done);
        for (origin, packets) in &self.left {
            let packets = Count(*packets, "packet");
            text += &format!("left in the queue: {packets} of {origin}, which came after the stream had stopped\n");
        }
        self.lints.iter().for_each(|lint| text += &format!("note: {lint}\n"));
        text
    }
}

/// [`Report::explain`] for people who look at a failed test: with a picture, and where it is.
pub(super) fn post_mortem(report: &Report, test: &str) -> String {
    let mut text = report.explain();
    for (index, receiver) in report.receivers.iter().enumerate().filter(|(_, each)| each.trace.has_trouble()) {
        if let Ok(path) = artifact::write(&format!("{test}-receiver{index}.svg"), receiver.trace.svg().as_bytes()) {
            text += &format!("drawn in {}\n", path.display());
        }
    }
    text
}

/// Heaps that an explanation tells of.
const STORIES: usize = 10;

/// Every packet that was put was read, or left, or taken by another reader; every packet that was read has a fate.
///
/// # Panics
/// If not.
pub(super) fn check<'s>(queue: &InprocQueue, streams: impl Iterator<Item = &'s RecvStream>) {
    // What is read meanwhile was put before, so count in this order.
    let left = queue.len() as u64;
    let mut read = 0;
    for stream in streams {
        let ledger = stream.ledger();
        let total = ledger.total();
        // What was dropped was not read.
        let decided: u64 =
            Fate::ALL.iter().copied().filter(|fate| *fate != Fate::Dropped).map(|fate| total.of(fate)).sum();
        assert!(
            decided <= total.received(),
            "bug in spead-inproc: {} packets were read, but {decided} have a fate\n{ledger}",
            total.received()
        );
        // Who has more readers than this one counts what they read too.
        if stream.readers() == 1 {
            read += total.received();
        }
    }
    let put = queue.packets_put();
    assert!(
        read <= put && left <= put,
        "bug in spead-inproc: {put} packets were put into the queue, but {read} were read and {left} are left"
    );
}

fn left(queue: &InprocQueue) -> Vec<(Origin, u64)> {
    let entries = iter::from_fn(|| match queue.take() {
        Taken::Entry(entry) => Some((entry.origin(), entry.len() as u64)),
        _ => None,
    });
    sums(entries)
}

/// Packets by sender.
fn sums(packets: impl Iterator<Item = (Origin, u64)>) -> Vec<(Origin, u64)> {
    let mut sums = BTreeMap::new();
    packets.for_each(|(origin, packets)| *sums.entry(origin).or_default() += packets);
    sums.into_iter().collect()
}

impl fmt::Display for ReceiverReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::receiver(f, self)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::report(f, self)
    }
}
