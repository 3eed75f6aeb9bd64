use std::fmt;

use super::{
    Count, Ending, Explanation, Fate, IncompleteHeap, IncompleteSummary, Outcome, PlannedAct, PlannedPacket,
    RecvConfig, RefusedPacket, Rejection,
    live_heap::LiveHeap,
    planned::ByRule,
    story::{Departed, Departure, Stories},
};
use crate::{
    heap::Origin,
    wire::{HeapCnt, Packet},
};

/// What became of every packet and heap that a receive stream read.
///
/// Each packet has one [`Fate`] once its heap is decided; until then it is *live*. The sums always balance:
/// `received = live + used + duplicate + rejected + evicted + flushed + late`; what a fault plan dropped was never received.
/// Statistics say how much, the ledger says why, and names the setting that would change it.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// By origin.
    lanes: Vec<(Origin, Counts)>,
    /// The lane that was counted for last: mostly it is the next one too.
    last: usize,
    /// The kinds of rejection that occurred, with the first example of each, by origin and kind.
    reasons: Vec<Reason>,
    heaps: HeapCounts,
    stories: Stories,
    /// What a fault plan did, in order.
    planned: Vec<PlannedPacket>,
}

/// Packets of one sender, or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    received: u64,
    fates: [u64; Fate::ALL.len()],
}

impl Counts {
    /// Packets that were read.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Packets that had this fate.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "one place for each fate")]
    pub const fn of(&self, fate: Fate) -> u64 {
        self.fates[fate as usize]
    }

    /// Packets of heaps that are still arriving.
    #[must_use]
    pub fn live(&self) -> u64 {
        let read = Fate::ALL.iter().copied().filter(|fate| *fate != Fate::Dropped);
        read.fold(self.received, |live, fate| live.saturating_sub(self.of(fate)))
    }

    #[expect(clippy::indexing_slicing, reason = "one place for each fate")]
    const fn add(&mut self, fate: Fate, packets: u64) {
        self.fates[fate as usize] = self.fates[fate as usize].saturating_add(packets);
    }
}

/// Heaps by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct HeapCounts {
    /// Delivered whole; or, if no packet said how long they are, with all that had come without a gap: of those
    /// [`Stats`](super::Stats) counts what was evicted or flushed as incomplete, as spead2 does.
    pub whole: u64,
    /// Pushed out of the window by a newer heap before they were whole.
    pub evicted: u64,
    /// Not whole when the stream stopped.
    pub flushed: u64,
    /// Control heaps that stopped the stream.
    pub control: u64,
    /// Of those that were evicted or flushed, how many were passed over by a reader that asked for whole heaps.
    pub withheld: u64,
}

#[derive(Debug, Clone)]
struct Reason {
    origin: Origin,
    example: Rejection,
    packets: u64,
}

impl Ledger {
    pub(super) fn new(config: &RecvConfig) -> Self {
        Self { stories: Stories::new(config), ..Self::default() }
    }

    /// Tells in a few lines what became of a heap and why, and which setting would change it.
    ///
    /// Stories are kept of what went wrong, the last thousand of each kind, and of the heaps that were delivered last.
    #[must_use]
    pub fn explain(&self, cnt: u64) -> Explanation<'_> {
        self.stories.explain(cnt, &self.planned)
    }

    /// What the fault plan of a harness did to packets before they could be read, in order: each act with its rule. All
    /// receivers of the harness know of it.
    pub fn planned(&self) -> impl ExactSizeIterator<Item = &PlannedPacket> {
        self.planned.iter()
    }

    /// Takes in what befell packets on their way here.
    pub(crate) fn befall(&mut self, planned: Vec<PlannedPacket>) {
        for packet in planned.iter().filter(|packet| packet.act == PlannedAct::Dropped) {
            self.lane(packet.origin).add(Fate::Dropped, 1);
        }
        self.planned.extend(planned);
    }

    /// The heaps that were not delivered whole, oldest first; the last thousand.
    pub fn incomplete_heaps(&self) -> impl ExactSizeIterator<Item = &IncompleteSummary> {
        self.stories.lost()
    }

    /// The packets that were refused, repeated or late, oldest first; the last thousand.
    pub fn refused_packets(&self) -> impl ExactSizeIterator<Item = &RefusedPacket> {
        self.stories.refused()
    }

    /// Packets that were read.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.total().received()
    }

    /// Packets of heaps that were delivered whole, or of the control heap that stopped the stream.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.of(Fate::Used)
    }

    /// Packets that were refused.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.of(Fate::Rejected)
    }

    /// Packets that had this fate.
    #[must_use]
    pub fn of(&self, fate: Fate) -> u64 {
        self.total().of(fate)
    }

    /// The packets of all senders together.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.lanes.iter().fold(Counts::default(), |mut total, (_, counts)| {
            total.received = total.received.saturating_add(counts.received);
            Fate::ALL.iter().copied().for_each(|fate| total.add(fate, counts.of(fate)));
            total
        })
    }

    /// The packets of each sender, by index; foreign bytes last.
    pub fn lanes(&self) -> impl ExactSizeIterator<Item = (Origin, Counts)> + '_ {
        self.lanes.iter().copied()
    }

    /// What became of heaps.
    #[must_use]
    pub const fn heaps(&self) -> HeapCounts {
        self.heaps
    }

    /// Why packets were rejected: each reason once for each sender, with the first example of it, and how many packets.
    pub fn rejections(&self) -> impl ExactSizeIterator<Item = (Origin, Rejection, u64)> + '_ {
        self.reasons.iter().map(|reason| (reason.origin, reason.example, reason.packets))
    }

    #[inline]
    pub(super) fn receive(&mut self, origin: Origin) {
        let lane = self.lane(origin);
        lane.received = lane.received.saturating_add(1);
    }

    /// A heap was delivered whole; `ending` says why it left, if it was not complete.
    #[inline]
    pub(super) fn whole(&mut self, live: &LiveHeap, ending: Option<Ending>) {
        self.heaps.whole = self.heaps.whole.saturating_add(1);
        self.settle(live, Fate::Used);
        let how = match ending {
            Some(Ending::Evicted { by }) if !live.is_sized() => Departure::CutShort { by },
            _ => Departure::Whole,
        };
        self.stories.leave(Departed { cnt: live.cnt(), received: live.received(), how });
    }

    /// A packet was received that is a whole heap, of so many bytes.
    #[inline]
    pub(super) fn single(&mut self, cnt: HeapCnt, origin: Origin, received: u64) {
        self.heaps.whole = self.heaps.whole.saturating_add(1);
        let lane = self.lane(origin);
        lane.received = lane.received.saturating_add(1);
        lane.add(Fate::Used, 1);
        self.stories.leave(Departed { cnt, received, how: Departure::Whole });
    }

    /// A control heap stopped the stream.
    pub(super) fn control(&mut self, live: &LiveHeap) {
        self.heaps.control = self.heaps.control.saturating_add(1);
        self.settle(live, Fate::Used);
        self.stories.stopped_by(live.cnt(), live.tally().first());
    }

    /// A heap left the window before it was whole.
    pub(super) fn lost(&mut self, live: &LiveHeap, heap: &IncompleteHeap) {
        let (count, fate) = match heap.ending() {
            Ending::Evicted { .. } => (&mut self.heaps.evicted, Fate::Evicted),
            Ending::Flushed => (&mut self.heaps.flushed, Fate::Flushed),
        };
        *count = count.saturating_add(1);
        self.settle(live, fate);
        self.stories.leave(Departed { cnt: live.cnt(), received: live.received(), how: Departure::Lost(fate) });
        self.stories.lose(heap);
    }

    /// A heap that was not whole was passed over.
    pub(super) const fn withhold(&mut self) {
        self.heaps.withheld = self.heaps.withheld.saturating_add(1);
    }

    /// A packet did not become part of a heap.
    pub(super) fn refuse(&mut self, origin: Origin, packet: Option<&Packet<'_>>, outcome: Outcome) {
        let fate = match outcome {
            Outcome::Rejected(rejection) => {
                self.count_reason(origin, rejection);
                Fate::Rejected
            }
            Outcome::Late => Fate::Late,
            _ => Fate::Duplicate,
        };
        self.lane(origin).add(fate, 1);
        self.stories.refuse(origin, packet, outcome);
    }

    /// What becomes of a packet that goes on with a heap that is not live, if the heap left the window lately and says.
    pub(super) fn fate_after(&self, packet: &Packet<'_>) -> Option<Fate> {
        let end = packet.payload_offset().saturating_add(packet.payload_length());
        self.stories.recent(packet.cnt().get())?.fate_after(end)
    }

    /// The stop item that ended the stream: its heap and its sender.
    #[must_use]
    pub const fn stopped_by(&self) -> Option<(HeapCnt, Origin)> {
        self.stories.stop()
    }

    fn settle(&mut self, live: &LiveHeap, fate: Fate) {
        let (origin, packets) = live.tally().leading();
        self.lane(origin).add(fate, packets);
        for (origin, packets) in live.tally().others() {
            self.lane(*origin).add(fate, *packets);
        }
    }

    fn count_reason(&mut self, origin: Origin, rejection: Rejection) {
        let same = |reason: &&mut Reason| reason.origin == origin && kind(&reason.example) == kind(&rejection);
        match self.reasons.iter_mut().find(same) {
            Some(reason) => reason.packets = reason.packets.saturating_add(1),
            None => self.reasons.push(Reason { origin, example: rejection, packets: 1 }),
        }
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "the last one is there; the search found another, or it was just made")]
    fn lane(&mut self, origin: Origin) -> &mut Counts {
        if self.lanes.get(self.last).is_none_or(|(last, _)| *last != origin) {
            self.last = self.find_lane(origin);
        }
        &mut self.lanes[self.last].1
    }

    #[cold]
    fn find_lane(&mut self, origin: Origin) -> usize {
        match self.lanes.binary_search_by_key(&origin, |(origin, _)| *origin) {
            Ok(at) => at,
            Err(at) => {
                self.lanes.insert(at, (origin, Counts::default()));
                at
            }
        }
    }
}

/// What tells reasons apart: the variants, not the numbers in them, so that the list stays short.
fn kind(rejection: &Rejection) -> impl PartialEq + use<> {
    use std::mem::discriminant;
    match rejection {
        Rejection::Packet(error) => (discriminant(rejection), Some(discriminant(error))),
        _ => (discriminant(rejection), None),
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        writeln!(f, "{} read", Count(total.received(), "packet"))?;
        for (origin, counts) in self.lanes() {
            write!(f, "  {origin}: {} read", counts.received())?;
            for fate in Fate::ALL.iter().copied() {
                if counts.of(fate) > 0 {
                    write!(f, ", {} {}", counts.of(fate), fate.name())?;
                }
            }
            if counts.live() > 0 {
                write!(f, ", {} of heaps still arriving", counts.live())?;
            }
            writeln!(f)?;
        }
        for (origin, example, packets) in self.rejections() {
            writeln!(f, "  rejected: {packets} from {origin}, e.g. {example}")?;
        }
        write!(f, "{}", ByRule(&self.planned))
    }
}
