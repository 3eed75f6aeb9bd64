use std::{collections::VecDeque, fmt, ops::Range};

use super::{Count, Ending, Fate, IncompleteHeap, Outcome, PlannedPacket, RecvConfig};
use crate::{
    heap::Origin,
    wire::{HeapCnt, Packet},
};

/// An incomplete heap in short, without its items.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IncompleteSummary {
    /// Its cnt.
    pub cnt: HeapCnt,
    /// Who sent the packet of it that came first.
    pub origin: Origin,
    /// How many packets came.
    pub packets: u64,
    /// Bytes of payload that came.
    pub received: u64,
    /// Bytes of the whole payload, if a packet said.
    pub heap_length: Option<u64>,
    /// The first few of the ranges that did not come.
    pub missing: Vec<Range<u64>>,
    /// Where an item points behind the heap's end, if one does.
    pub item_beyond_end: Option<u64>,
    /// Why it left the window; nothing while it is still arriving.
    pub ending: Option<Ending>,
}

/// A packet that did not become part of a heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedPacket {
    /// Its heap, and where its payload starts in it; nothing for what is no packet.
    pub place: Option<(HeapCnt, u64)>,
    /// Who sent it.
    pub origin: Origin,
    /// Why.
    pub outcome: Outcome,
}

impl fmt::Display for IncompleteSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)
    }
}

/// What went wrong, and what went right last; bounded.
#[derive(Debug, Clone, Default)]
pub(super) struct Stories {
    lost: VecDeque<IncompleteSummary>,
    refused: VecDeque<RefusedPacket>,
    recent: Recent,
    stop: Option<(HeapCnt, Origin)>,
    window: (usize, usize),
}

/// Stories of each kind that are kept.
const KEPT: usize = 1000;
/// Heaps that left the window last.
const RECENT: usize = 64;
/// Missing ranges that are kept of a heap.
const RANGES: usize = 8;

impl Stories {
    pub(super) fn new(config: &RecvConfig) -> Self {
        Self { window: (config.max_heaps, config.substreams), ..Self::default() }
    }

    pub(super) fn lose(&mut self, heap: &IncompleteHeap) {
        keep(&mut self.lost, IncompleteSummary::new(heap, Some(heap.ending())), KEPT);
    }

    pub(super) fn refuse(&mut self, origin: Origin, packet: Option<&Packet<'_>>, outcome: Outcome) {
        let place = packet.map(|packet| (packet.cnt(), packet.payload_offset()));
        keep(&mut self.refused, RefusedPacket { place, origin, outcome }, KEPT);
    }

    #[inline]
    pub(super) fn leave(&mut self, heap: Departed) {
        self.recent.push(heap);
    }

    pub(super) const fn stopped_by(&mut self, cnt: HeapCnt, origin: Origin) {
        self.stop = Some((cnt, origin));
    }

    pub(super) const fn stop(&self) -> Option<(HeapCnt, Origin)> {
        self.stop
    }

    pub(super) fn recent(&self, cnt: u64) -> Option<&Departed> {
        self.recent.latest_first().find(|heap| heap.cnt == cnt)
    }

    pub(super) fn lost(&self) -> impl ExactSizeIterator<Item = &IncompleteSummary> {
        self.lost.iter()
    }

    pub(super) fn refused(&self) -> impl ExactSizeIterator<Item = &RefusedPacket> {
        self.refused.iter()
    }

    pub(super) const fn explain<'l>(&'l self, cnt: u64, planned: &'l [PlannedPacket]) -> Explanation<'l> {
        Explanation { stories: self, planned, cnt }
    }
}

/// A heap that left the window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Departed {
    pub(super) cnt: HeapCnt,
    /// Bytes of its payload that had come.
    pub(super) received: u64,
    pub(super) how: Departure,
}

/// How a heap left the window.
#[derive(Debug, Clone, Copy)]
pub(super) enum Departure {
    /// Delivered, and all of it had come.
    Whole,
    /// Delivered as far as it had come: no packet said how long it is, and a newer heap evicted it.
    CutShort { by: HeapCnt },
    /// Not whole.
    Lost(Fate),
}

impl Departed {
    /// What becomes of a packet of such a heap whose payload ends here, as far as the heap says.
    pub(super) const fn fate_after(&self, end: u64) -> Option<Fate> {
        match self.how {
            Departure::Whole | Departure::CutShort { .. } if end <= self.received => Some(Fate::Duplicate),
            Departure::CutShort { .. } | Departure::Lost(Fate::Evicted) => Some(Fate::Late),
            Departure::Whole | Departure::Lost(_) => None,
        }
    }

    fn tell(&self, f: &mut fmt::Formatter<'_>, window: (usize, usize)) -> fmt::Result {
        let Self { cnt, received, how } = self;
        match how {
            Departure::Whole => writeln!(f, "heap {cnt}: delivered whole"),
            Departure::CutShort { by } => {
                let came = Count(*received, "byte");
                writeln!(
                    f,
                    "heap {cnt}: delivered with the {came} that had come, since no packet said how long it is"
                )?;
                tell_eviction(f, *cnt, *by, window)
            }
            Departure::Lost(fate) => writeln!(f, "heap {cnt}: {}", fate.name()),
        }
    }
}

/// The heaps that left the window last.
#[derive(Debug, Clone, Default)]
struct Recent {
    heaps: Vec<Departed>,
    /// Where the next goes, once there are [`RECENT`].
    next: usize,
}

impl Recent {
    #[inline]
    fn push(&mut self, heap: Departed) {
        match self.heaps.get_mut(self.next) {
            Some(oldest) => *oldest = heap,
            None => self.heaps.push(heap),
        }
        self.next = if self.next.saturating_add(1) < RECENT { self.next.saturating_add(1) } else { 0 };
    }

    fn latest_first(&self) -> impl Iterator<Item = &Departed> {
        let (newer, older) = self.heaps.split_at_checked(self.next).unwrap_or((&self.heaps, &[]));
        newer.iter().rev().chain(older.iter().rev())
    }
}

fn keep<T>(stories: &mut VecDeque<T>, story: T, most: usize) {
    if stories.len() >= most {
        stories.pop_front();
    }
    stories.push_back(story);
}

/// What became of a heap and why, in a few lines of text. Made by [`Ledger::explain`](super::Ledger::explain).
#[derive(Debug, Clone, Copy)]
pub struct Explanation<'l> {
    stories: &'l Stories,
    planned: &'l [PlannedPacket],
    cnt: u64,
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stories, planned, cnt } = *self;
        let mut known = false;
        for heap in stories.lost.iter().filter(|heap| heap.cnt == cnt) {
            known = true;
            heap.tell(f, stories.window)?;
        }
        let refused = || stories.refused.iter().filter(|packet| packet.place.is_some_and(|(place, _)| place == cnt));
        if !known && let Some(heap) = stories.recent(cnt) {
            known = true;
            heap.tell(f, stories.window)?;
        }
        if !known && let Some((cnt, origin)) = stories.stop.filter(|(stop, _)| *stop == cnt) {
            known = true;
            writeln!(f, "heap {cnt} from {origin}: its stop item ended the stream; it is not delivered")?;
        }
        if !known {
            let what = if refused().next().is_some() { "no packet of it was accepted" } else { "nothing of it came" };
            writeln!(f, "heap {cnt:#x}: {what}")?;
        }
        refused().take(RANGES).try_for_each(|packet| packet.tell(f))?;
        more(f, refused().count())?;
        let planned = || planned.iter().filter(|packet| packet.cnt == cnt);
        planned().take(RANGES).try_for_each(|packet| writeln!(f, "  {packet}"))?;
        more(f, planned().count())
    }
}

/// How many there are beside those that were told.
fn more(f: &mut fmt::Formatter<'_>, all: usize) -> fmt::Result {
    match all.checked_sub(RANGES) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(f, "  and {more} more"),
    }
}

impl IncompleteSummary {
    pub(super) fn new(heap: &IncompleteHeap, ending: Option<Ending>) -> Self {
        Self {
            cnt: heap.cnt(),
            origin: heap.origin(),
            packets: heap.packets(),
            received: heap.received_length(),
            heap_length: heap.heap_length(),
            missing: heap.missing_ranges().into_iter().take(RANGES).collect(),
            item_beyond_end: heap.item_beyond_end(),
            ending,
        }
    }

    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "heap {} from {}: {}", self.cnt, self.origin, Count(self.received, "byte"))?;
        if let Some(length) = self.heap_length {
            write!(f, " of {length}")?;
        }
        let ranges = self.missing.iter().map(|range| format!("{}..{}", range.start, range.end)).collect::<Vec<_>>();
        write!(f, " came, in {}; missing {}", Count(self.packets, "packet"), Or(&ranges.join(", "), "nothing"))
    }

    fn tell(&self, f: &mut fmt::Formatter<'_>, window: (usize, usize)) -> fmt::Result {
        self.head(f)?;
        writeln!(f)?;
        if let Some(reach) = self.item_beyond_end {
            return writeln!(f, "  it can never be whole: an item points to byte {reach}, behind the heap's end");
        }
        match self.ending {
            None => writeln!(f, "  it is still arriving"),
            Some(Ending::Evicted { by }) => tell_eviction(f, self.cnt, by, window),
            Some(Ending::Flushed) => writeln!(f, "  the stream stopped before the rest came"),
        }
    }
}

/// Why a heap was evicted, and which setting would change it.
fn tell_eviction(
    f: &mut fmt::Formatter<'_>,
    cnt: HeapCnt,
    by: HeapCnt,
    (max_heaps, substreams): (usize, usize),
) -> fmt::Result {
    let substream = cnt.get().checked_rem(substreams as u64).unwrap_or(0);
    write!(f, "  heap {by} evicted it: {} ", Count(max_heaps as u64, "newer heap"))?;
    if substreams > 1 {
        write!(f, "of substream {substream} ")?;
    }
    write!(f, "had started, and max_heaps is {max_heaps}; raise `max_heaps`, ")?;
    writeln!(f, "or `substreams` so that senders do not share a window")
}

impl RefusedPacket {
    fn tell(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.place.map_or(0, |(_, offset)| offset);
        match self.outcome {
            Outcome::Rejected(rejection) => {
                writeln!(f, "  a packet from {} was rejected: {rejection}", self.origin)
            }
            Outcome::Late => writeln!(
                f,
                "  a packet from {} with payload offset {offset} was late: the heap had been evicted",
                self.origin
            ),
            _ => writeln!(
                f,
                "  a packet from {} with payload offset {offset} was a duplicate: its bytes had come before",
                self.origin
            ),
        }
    }
}

/// The text, or another if it is empty.
struct Or<'a>(&'a str, &'a str);

impl fmt::Display for Or<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { self.1 } else { self.0 })
    }
}
