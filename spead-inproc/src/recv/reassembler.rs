use std::{collections::VecDeque, ops::Range};

use bytes::Bytes;

use super::{
    DuplicateStat, Ending, Event, Fate, IncompleteSummary, Ledger, ReceivedHeap, RecvConfig, RecvConfigError,
    Rejection, StatIndex, StatMode, Stats,
    coverage::Refusal,
    live_heap::LiveHeap,
    pieces::Pieces,
    whole::{is_all_of, plain_heap},
    window::{Live, Slot, Window},
};
use crate::{
    heap::{Extents, Heap, Origin},
    wire::{HeapCnt, Packet, PacketError},
};

/// Turns packets into heaps: push packets, pop events.
///
/// Pure: no thread, clock or lock. The same packets give the same events, statistics and fates.
///
/// ```
/// use bytes::Bytes;
/// use spead_inproc::{Flavour, Heap, Packetizer, RecvConfig, heap::Origin, recv::{Event, Reassembler}, wire::Packet};
///
/// let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![7; 5000]).build()?;
/// let mut reassembler = Reassembler::new(RecvConfig::default())?;
/// for bytes in Packetizer::new(&heap, 1, 1472)?.iter() {
///     reassembler.push(&Packet::parse(&bytes)?, Origin::FOREIGN);
/// }
/// let Some(Event::Heap(received)) = reassembler.pop() else { panic!("no heap") };
/// assert_eq!(received.heap(), &heap);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reassembler {
    config: RecvConfig,
    window: Window,
    ready: VecDeque<Event>,
    stopped: bool,
    stats: Stats,
    ledger: Ledger,
    /// Bytes of payload that the window holds.
    live_bytes: u64,
    #[expect(clippy::vec_box, reason = "the boxes themselves move between here and the window")]
    spare: Vec<Box<Live>>,
    extents: Extents,
}

/// What a reassembler did with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is part of its heap.
    Accepted,
    /// It was refused.
    Rejected(Rejection),
    /// Its bytes had come before.
    Duplicate,
    /// Its heap had been evicted before.
    Late,
    /// It is part of its heap, and the stream ends here: what follows must not be pushed.
    Stopped,
}

/// Where the payload of a packet goes.
#[derive(Debug)]
struct Place {
    slot: Slot,
    /// Of the heap's payload.
    range: Range<u64>,
}

impl Reassembler {
    /// A reassembler that has seen nothing.
    ///
    /// # Errors
    /// [`RecvConfigError`] if the settings cannot work.
    pub fn new(config: RecvConfig) -> Result<Self, RecvConfigError> {
        Ok(Self {
            window: Window::new(&config)?,
            config,
            ready: VecDeque::new(),
            stopped: false,
            stats: Stats::default(),
            ledger: Ledger::new(&config),
            live_bytes: 0,
            spare: Vec::new(),
            extents: Extents::default(),
        })
    }

    /// Takes a packet. After [`Outcome::Stopped`] nothing is taken any more: further packets get the same answer and are
    /// not counted.
    #[inline(always)]
    pub fn push(&mut self, packet: &Packet<'_>, origin: Origin) -> Outcome {
        match self.admit(packet, origin) {
            Ok(place) => self.keep(place, |pieces| pieces.push_all(packet.payload())),
            Err(outcome) => outcome,
        }
    }

    /// Takes a packet as bytes, whatever they are, and their buffer with it; also gives its heap cnt.
    #[inline(always)]
    pub(crate) fn push_flat(&mut self, bytes: Bytes, origin: Origin) -> (Option<HeapCnt>, Outcome) {
        let (cnt, place, payload) = match Packet::parse(&bytes) {
            Ok(packet) => match self.admit(&packet, origin) {
                Ok(place) => (packet.cnt(), place, packet.payload().first().range()),
                Err(outcome) => return (Some(packet.cnt()), outcome),
            },
            Err(error) => return (None, self.push_broken(error, origin)),
        };
        (Some(cnt), self.keep(place, |pieces| pieces.push_buffer(bytes, payload)))
    }

    /// Takes all of a packet but its payload, which then is to be [kept](Self::keep); or says what became of the packet.
    #[inline(always)]
    fn admit(&mut self, packet: &Packet<'_>, origin: Origin) -> Result<Place, Outcome> {
        if self.stopped {
            return Err(Outcome::Stopped);
        }
        self.count_packet();
        let single = packet.heap_length() == Some(packet.payload_length());
        if single && let Some(heap) = plain_heap(packet, &self.config.limits, self.config.bug_compat, &mut self.extents)
        {
            return Err(self.push_whole(packet.cnt(), origin, heap, packet.payload_length()));
        }
        self.ledger.receive(origin);
        if packet.heap_length().is_none() && !self.config.allow_unsized_heaps {
            return Err(self.refuse(packet, origin, Ok(Rejection::Unsized)));
        }
        let slot = if single {
            self.stats.single_packet_heaps = self.stats.single_packet_heaps.saturating_add(1);
            self.admit_first(packet, origin)?
        } else {
            let (slot, looked_at) = self.window.find(packet.cnt());
            self.stats.search_dist = self.stats.search_dist.saturating_add(looked_at);
            match slot {
                Some(slot) => self.admit_next(slot, packet, origin)?,
                None if packet.payload_offset() == 0 || self.config.allow_out_of_order => {
                    self.admit_first(packet, origin)?
                }
                None => return Err(self.refuse_unstarted(packet, origin)),
            }
        };
        self.live_bytes = self.live_bytes.saturating_add(packet.payload_length());
        let start = packet.payload_offset();
        Ok(Place { slot, range: start..start.saturating_add(packet.payload_length()) })
    }

    /// Takes the payload of a packet that was admitted: `add` adds its bytes to those before it.
    #[inline(always)]
    fn keep(&mut self, place: Place, add: impl FnOnce(&mut Pieces)) -> Outcome {
        let Some(live) = self.window.live_mut(place.slot) else { return Outcome::Accepted };
        live.keep(place.range, add);
        if live.is_complete() {
            return match self.window.remove(place.slot) {
                Some(live) => self.complete(live),
                None => Outcome::Accepted,
            };
        }
        let stops = self.config.stop_on_stop_item && live.stops();
        self.stop_if(stops)
    }

    /// Counts a packet that could not be parsed; after [`Outcome::Stopped`] it is not counted, as with
    /// [`push`](Self::push).
    pub fn push_broken(&mut self, error: PacketError, origin: Origin) -> Outcome {
        if self.stopped {
            return Outcome::Stopped;
        }
        self.stats.batches = self.stats.batches.saturating_add(1);
        self.ledger.receive(origin);
        let rejection = Rejection::from(error);
        self.ledger.refuse(origin, None, Outcome::Rejected(rejection));
        Outcome::Rejected(rejection)
    }

    /// The next heap that is done with.
    pub fn pop(&mut self) -> Option<Event> {
        self.ready.pop_front()
    }

    /// What [`pop`](Self::pop) would give.
    pub(crate) fn peek(&self) -> Option<&Event> {
        self.ready.front()
    }

    /// Counts a heap that found no room where it was to go.
    pub(crate) const fn count_blocked(&mut self) {
        self.stats.worker_blocked = self.stats.worker_blocked.saturating_add(1);
    }

    /// Counts a heap that was popped, but is not whole, and was not given to anybody.
    pub(crate) const fn count_withheld(&mut self) {
        self.ledger.withhold();
    }

    /// Puts heaps that were popped back to the front.
    pub(crate) fn restore(&mut self, events: impl DoubleEndedIterator<Item = Event>) {
        events.rev().for_each(|event| self.ready.push_front(event));
    }

    /// Ends the stream: what is live is flushed, and nothing more is taken. Stopping twice is harmless.
    pub fn stop(&mut self) {
        self.flush();
        self.stopped = true;
    }

    /// Lets go of everything that is live: it goes out as it is, oldest first in each substream.
    pub fn flush(&mut self) {
        let live: Vec<_> = self.window.drain().collect();
        for live in live {
            self.stats.heaps = self.stats.heaps.saturating_add(1);
            self.stats.incomplete_heaps_flushed = self.stats.incomplete_heaps_flushed.saturating_add(1);
            self.release(live, Some(Ending::Flushed));
        }
    }

    /// Whether the stream has ended, by a stop item or by [`stop`](Self::stop).
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// The heaps that are still arriving, in short, by heap cnt.
    pub fn live_heaps(&mut self) -> Vec<IncompleteSummary> {
        let bug_compat = self.config.bug_compat;
        let live = self.window.iter_mut().map(|live| live.incomplete(bug_compat, Ending::Flushed));
        let mut heaps: Vec<_> = live.map(|heap| IncompleteSummary::new(&heap, None)).collect();
        heaps.sort_by_key(|heap| heap.cnt);
        heaps
    }

    /// What has been counted.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Adds a statistic of the user's own.
    ///
    /// # Errors
    /// [`DuplicateStat`] if there is one with this name.
    pub fn add_stat(&mut self, name: &str, mode: StatMode) -> Result<StatIndex, DuplicateStat> {
        self.stats.add_custom(name, mode)
    }

    /// Counts a value for a statistic of the user's own.
    pub fn count(&mut self, stat: StatIndex, value: u64) {
        self.stats.count_custom(stat, value);
    }

    /// What became of every packet and heap.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &RecvConfig {
        &self.config
    }

    /// The first packet of a heap: takes a slot, though the heap may be gone from it at once.
    fn admit_first(&mut self, packet: &Packet<'_>, origin: Origin) -> Result<Slot, Outcome> {
        let mut live = self.spare.pop().unwrap_or_else(|| Live::new(self.config.allow_out_of_order));
        live.heap.start(packet);
        // Before the slot is taken: what is refused evicts nothing. What is complete at once is never live.
        let admitted = live.heap.admit(packet, origin, &self.config.limits);
        let complete = live.heap.is_complete();
        let admitted = admitted.and_then(|()| if complete { Ok(()) } else { self.check_room_for_heap(packet) });
        if let Err(refusal) = admitted {
            self.spare.push(live);
            return Err(self.refuse(packet, origin, refusal));
        }
        let slot = self.advance(packet.cnt());
        self.window.insert(slot, live);
        Ok(slot)
    }

    fn admit_next(&mut self, slot: Slot, packet: &Packet<'_>, origin: Origin) -> Result<Slot, Outcome> {
        if let Err(refusal) = self.check_room(packet, 0) {
            return Err(self.refuse(packet, origin, refusal));
        }
        match self.window.live_mut(slot).map(|live| live.admit(packet, origin, &self.config.limits)) {
            Some(Err(refusal)) => Err(self.refuse(packet, origin, refusal)),
            _ => Ok(slot),
        }
    }

    /// Whether the window may hold this packet of a heap that starts: the heap that it evicts is held no longer.
    #[inline]
    fn check_room_for_heap(&self, packet: &Packet<'_>) -> Result<(), Refusal> {
        self.check_room(packet, 0).or_else(|_| {
            let evicted = self.window.next_to_leave(packet.cnt()).map_or(0, LiveHeap::received);
            self.check_room(packet, evicted)
        })
    }

    /// Whether the window may hold this packet once so many bytes have left it.
    #[inline]
    fn check_room(&self, packet: &Packet<'_>, leaving: u64) -> Result<(), Refusal> {
        let live = self.live_bytes.saturating_sub(leaving).saturating_add(packet.payload_length());
        let limit = self.config.limits.live_bytes;
        if live > limit { Err(Ok(Rejection::LiveBytesLimit { live, limit })) } else { Ok(()) }
    }

    /// Whether a packet that was cut from this heap, and that nothing befell, would give the very heap:
    /// [`push_source`](Self::push_source) is then the same as [`push`](Self::push).
    #[inline(always)]
    pub(crate) fn is_all_of(&self, packet: &Packet<'_>, source: &Heap) -> bool {
        let RecvConfig { limits, bug_compat, .. } = &self.config;
        !self.stopped && is_all_of(packet, source, limits, *bug_compat)
    }

    /// Takes a packet that carries all of a heap: the heap comes out as it is.
    #[inline]
    pub(crate) fn push_source(&mut self, cnt: HeapCnt, origin: Origin, source: Heap) -> Outcome {
        self.count_packet();
        let received = source.payload_length();
        self.push_whole(cnt, origin, source, received)
    }

    #[inline]
    const fn count_packet(&mut self) {
        self.stats.packets = self.stats.packets.saturating_add(1);
        self.stats.batches = self.stats.batches.saturating_add(1);
        self.stats.max_batch = 1;
    }

    /// A heap that came in one packet, and is not looked at again: it takes its turn in the window, but no slot.
    #[inline]
    fn push_whole(&mut self, cnt: HeapCnt, origin: Origin, heap: Heap, received: u64) -> Outcome {
        self.advance(cnt);
        self.stats.single_packet_heaps = self.stats.single_packet_heaps.saturating_add(1);
        self.stats.heaps = self.stats.heaps.saturating_add(1);
        self.ledger.single(cnt, origin, received);
        self.ready.push_back(Event::Heap(ReceivedHeap { cnt, origin, packets: 1, heap }));
        Outcome::Accepted
    }

    /// The slot for a heap that starts. The one that had it leaves.
    #[inline]
    fn advance(&mut self, cnt: HeapCnt) -> Slot {
        let (slot, evicted) = self.window.advance(cnt);
        if let Some(evicted) = evicted {
            self.stats.heaps = self.stats.heaps.saturating_add(1);
            self.stats.incomplete_heaps_evicted = self.stats.incomplete_heaps_evicted.saturating_add(1);
            self.release(evicted, Some(Ending::Evicted { by: cnt }));
        }
        slot
    }

    fn complete(&mut self, live: Box<Live>) -> Outcome {
        if !self.stops(&live.heap) {
            self.stats.heaps = self.stats.heaps.saturating_add(1);
            self.release(live, None);
            return Outcome::Accepted;
        }
        self.ledger.control(&live.heap);
        self.recycle(live);
        self.stop_if(true)
    }

    const fn stops(&self, live: &LiveHeap) -> bool {
        self.config.stop_on_stop_item && live.stops()
    }

    fn stop_if(&mut self, stops: bool) -> Outcome {
        if !stops {
            return Outcome::Accepted;
        }
        self.stop();
        Outcome::Stopped
    }

    /// Hands out a heap that has left the window; `ending` says why, if it was not complete.
    fn release(&mut self, mut live: Box<Live>, ending: Option<Ending>) {
        let heap = &mut live.heap;
        match ending.filter(|_| !heap.is_contiguous()) {
            None => {
                self.ledger.whole(heap, ending);
                let (cnt, origin, packets) = (heap.cnt(), heap.tally().first(), heap.tally().total());
                let heap = heap.heap(self.config.bug_compat, &mut self.extents);
                self.ready.push_back(Event::Heap(ReceivedHeap { cnt, origin, packets, heap }));
            }
            Some(ending) => {
                let incomplete = heap.incomplete(self.config.bug_compat, ending);
                self.ledger.lost(heap, &incomplete);
                self.ready.push_back(Event::Incomplete(incomplete));
            }
        }
        self.recycle(live);
    }

    fn recycle(&mut self, mut live: Box<Live>) {
        self.live_bytes = self.live_bytes.saturating_sub(live.heap.received());
        live.heap.clear();
        if self.spare.len() < SPARE {
            self.spare.push(live);
        }
    }

    /// A packet that is not the first of its heap, in order, and the heap is not live.
    fn refuse_unstarted(&mut self, packet: &Packet<'_>, origin: Origin) -> Outcome {
        let not_started = Rejection::NotStarted { payload_offset: packet.payload_offset() };
        let refusal = self.ledger.fate_after(packet).map_or(Ok(not_started), Err);
        self.refuse(packet, origin, refusal)
    }

    fn refuse(&mut self, packet: &Packet<'_>, origin: Origin, refusal: Refusal) -> Outcome {
        let outcome = match refusal {
            Ok(rejection) => Outcome::Rejected(rejection),
            Err(Fate::Late) => Outcome::Late,
            Err(_) => Outcome::Duplicate,
        };
        self.ledger.refuse(origin, Some(packet), outcome);
        outcome
    }
}

/// Live heaps that are kept for reuse.
const SPARE: usize = 16;
