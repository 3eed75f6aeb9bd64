use std::{
    any::Any,
    collections::VecDeque,
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU32},
    time::Duration,
};

use bytes::Bytes;
use event_listener::{Event as Wake, EventListener};

use super::{BufferSource, Entry, PacketSource, SentHeaps, Taken, Watch, log, park::block_on, reading::Wait, wake_all};
use crate::{
    heap::Origin,
    recv::{
        Count, DuplicateStat, Event, IncompleteSummary, Ledger, Outcome, Reassembler, ReceivedHeap, RecvConfig,
        RecvConfigError, StatIndex, StatMode, Stats, Trace,
    },
    send::Cutter,
    wire::{ItemId, Packet, PacketError},
};

/// Receives heaps: takes packets from its readers and puts heaps together, on the thread that asks.
///
/// A cheap handle: clones are the same stream.
///
/// ```
/// use spead_inproc::{Flavour, Heap, InprocQueue, RecvConfig, RecvStream, SendConfig, SendStream};
///
/// let queue = InprocQueue::new();
/// SendStream::new(&queue, SendConfig::default())?.send_heap(&Heap::start_of_stream(Flavour::SPEAD_64_48))?;
/// queue.stop();
///
/// let rx = RecvStream::new(RecvConfig::default())?;
/// rx.add_inproc_reader(&queue)?;
/// for heap in &rx {
///     assert!(heap?.is_start_of_stream());
/// }
/// assert_eq!(rx.stats().heaps, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RecvStream {
    shared: Arc<Shared>,
    pub(super) watch: Option<Arc<Watch>>,
}

struct Shared {
    state: Mutex<State>,
    /// Notified when a reader comes, or the stream starts or stops.
    wake: Wake,
    /// Events that async readers were given without having to wait.
    in_a_row: AtomicU32,
}

struct State {
    reassembler: Reassembler,
    readers: Vec<Reader>,
    /// The reader whose turn it is.
    turn: usize,
    started: bool,
    header: Vec<u8>,
    record: Option<Record>,
}

/// What was given out and what was read, for those who want to know.
#[derive(Default)]
struct Record {
    events: Vec<Event>,
    /// Of those, how many somebody has taken.
    taken: usize,
    trace: Trace,
    entries: VecDeque<Entry>,
}

/// Entries that a record keeps.
const ENTRIES: usize = 1 << 16;

impl Record {
    /// Keeps an entry that is about to be read.
    fn note(&mut self, entry: &Entry) -> &mut Trace {
        if self.entries.len() >= ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(entry.clone());
        &mut self.trace
    }
}

struct Reader {
    source: Arc<dyn PacketSource>,
    /// What other readers' turns interrupted.
    rest: Option<Entry>,
    ended: bool,
}

impl Reader {
    #[inline(always)]
    fn next(&mut self) -> Taken {
        match self.rest.take() {
            None if self.ended => Taken::Empty,
            None => self.source.take(),
            Some(rest) => Taken::Entry(rest),
        }
    }
}

impl RecvStream {
    /// A stream without readers.
    ///
    /// # Errors
    /// [`RecvConfigError`] if the settings cannot work.
    pub fn new(config: RecvConfig) -> Result<Self, RecvConfigError> {
        let state = State {
            reassembler: Reassembler::new(config)?,
            readers: Vec::new(),
            turn: 0,
            started: !config.explicit_start,
            header: Vec::new(),
            record: None,
        };
        let shared = Shared { state: Mutex::new(state), wake: Wake::new(), in_a_row: AtomicU32::new(0) };
        Ok(Self { shared: Arc::new(shared), watch: None })
    }

    /// The same stream, watched, and remembering what it gives out.
    pub(crate) fn watched(self, watch: Arc<Watch>) -> Self {
        self.lock().record = Some(Record::default());
        Self { watch: Some(watch), ..self }
    }

    /// Reads from a source. With several readers the stream takes one packet of each in turn, and ends when all have
    /// ended. A reader that comes after the stream has stopped is never read.
    ///
    /// # Errors
    /// [`ReaderError`] if the stream waits for an explicit start and has got it.
    pub fn add_reader(&self, source: Arc<dyn PacketSource>) -> Result<(), ReaderError> {
        let mut state = self.lock();
        if state.started && state.reassembler.config().explicit_start {
            return Err(ReaderError);
        }
        state.readers.push(Reader { source, rest: None, ended: false });
        drop(state);
        wake_all(&self.shared.wake);
        Ok(())
    }

    /// Reads from a buffer in which packets stand back to back; it ends at the first thing that is no packet.
    ///
    /// # Errors
    /// [`ReaderError`] if the stream waits for an explicit start and has got it.
    pub fn add_buffer_reader(&self, buffer: impl Into<Bytes>) -> Result<(), ReaderError> {
        self.add_reader(Arc::new(BufferSource::new(buffer)))
    }

    /// Starts a stream that was told to wait; starting twice is harmless.
    pub fn start(&self) {
        self.lock().started = true;
        wake_all(&self.shared.wake);
    }

    /// Stops: what is complete can still be read, what is incomplete is dropped (and counted), what the readers have not
    /// read stays there. Stopping twice is harmless.
    pub fn stop(&self) {
        let mut state = self.lock();
        let ready: Vec<_> = std::iter::from_fn(|| state.reassembler.pop()).collect();
        state.reassembler.stop();
        while state.reassembler.pop().is_some() {}
        state.reassembler.restore(ready.into_iter());
        state.let_go();
        drop(state);
        wake_all(&self.shared.wake);
    }

    /// The next whole heap. Waits for it; incomplete heaps are passed over (the ledger counts them).
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one; in a harness [`RecvError::Starved`] instead of waiting for what cannot
    /// come.
    pub fn next_heap(&self) -> Result<ReceivedHeap, RecvError> {
        loop {
            if let Event::Heap(heap) = self.next_event()? {
                return Ok(heap);
            }
        }
    }

    /// The next whole heap, if there is one now.
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one.
    pub fn try_next_heap(&self) -> Result<Option<ReceivedHeap>, RecvError> {
        while let Some(event) = self.try_next_event()? {
            if let Event::Heap(heap) = event {
                return Ok(Some(heap));
            }
        }
        Ok(None)
    }

    /// The next heap, whole or not. Waits for it.
    ///
    /// # Errors
    /// As [`next_heap`](Self::next_heap).
    pub fn next_event(&self) -> Result<Event, RecvError> {
        if let Some(event) = self.try_next_event()? {
            return Ok(event);
        }
        let limit = self.watch.as_ref().map(|watch| watch.patience());
        if limit == Some(Duration::ZERO) {
            return Err(self.starved(Duration::ZERO));
        }
        let mut wait = Wait::patient();
        let next = poll_fn(|context| self.poll_event(&mut wait, context));
        block_on(next, limit).unwrap_or_else(|| Err(self.starved(limit.unwrap_or_default())))
    }

    /// The next heap, whole or not, if there is one now.
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one.
    pub fn try_next_event(&self) -> Result<Option<Event>, RecvError> {
        if let Some(watch) = &self.watch {
            watch.touch();
        }
        let mut state = self.lock();
        loop {
            if let Some(event) = state.reassembler.pop() {
                log::event(&event);
                if let Some(record) = &mut state.record {
                    record.events.push(event.clone());
                }
                return Ok(Some(event));
            }
            match state.step() {
                Step::Progress => {}
                Step::Empty => return Ok(None),
                Step::Ended => return Err(RecvError::Stopped),
            }
        }
    }

    /// The next whole heap; for code that is async. Needs no particular runtime. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one.
    pub async fn next_heap_async(&self) -> Result<ReceivedHeap, RecvError> {
        loop {
            if let Event::Heap(heap) = self.next_event_async().await? {
                return Ok(heap);
            }
        }
    }

    /// The next heap, whole or not; for code that is async.
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one.
    pub async fn next_event_async(&self) -> Result<Event, RecvError> {
        let mut wait = Wait::default();
        poll_fn(|context| self.poll_event(&mut wait, context)).await
    }

    /// All whole heaps to come: until the stream ends or, in a harness without threads, until nothing is left to read.
    ///
    /// # Errors
    /// [`RecvError::Starved`] if other threads send and the stream does not end in time.
    pub fn collect(&self) -> Result<Vec<ReceivedHeap>, RecvError> {
        let mut heaps = Vec::new();
        loop {
            match self.next_heap() {
                Ok(heap) => heaps.push(heap),
                Err(RecvError::Stopped) => return Ok(heaps),
                Err(RecvError::Starved(starved)) if starved.waited.is_zero() => return Ok(heaps),
                Err(error) => return Err(error),
            }
        }
    }

    /// The heaps to come that carry data, as [`heaps`](Self::heaps): those with nothing but descriptors or stream control
    /// are passed over.
    pub fn data_heaps(&self) -> impl Iterator<Item = Result<ReceivedHeap, RecvError>> + '_ {
        let control = |heap: &ReceivedHeap| heap.items().iter().all(|item| item.id() <= ItemId::STREAM_CONTROL);
        self.heaps().filter(move |heap| !heap.as_ref().is_ok_and(control))
    }

    /// The heaps to come, one by one, until the stream ends.
    #[must_use]
    pub const fn heaps(&self) -> Heaps<'_> {
        Heaps { stream: self, done: false }
    }

    /// What has been counted so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.lock().reassembler.stats().clone()
    }

    /// Adds a statistic of the user's own; it belongs to this stream alone.
    ///
    /// # Errors
    /// [`DuplicateStat`] if there is one with this name.
    pub fn add_stat(&self, name: &str, mode: StatMode) -> Result<StatIndex, DuplicateStat> {
        self.lock().reassembler.add_stat(name, mode)
    }

    /// Counts a value for a statistic of the user's own.
    pub fn count(&self, stat: StatIndex, value: u64) {
        self.lock().reassembler.count(stat, value);
    }

    /// What became of every packet and heap so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.lock().reassembler.ledger().clone()
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> RecvConfig {
        *self.lock().reassembler.config()
    }

    /// Reads all that can be read without waiting, and gives what was given out so far: before the last call of this
    /// method, and since. Without a record, just what was read now.
    pub(crate) fn take_record(&self) -> (Vec<Event>, Vec<Event>) {
        let now: Vec<_> = std::iter::from_fn(|| self.try_next_event().ok().flatten()).collect();
        match &mut self.lock().record {
            None => (Vec::new(), now),
            Some(record) => {
                let since = record.events[record.taken..].to_vec();
                let before = record.events[..record.taken].to_vec();
                record.taken = record.events.len();
                (before, since)
            }
        }
    }

    /// Reads all that can be read without waiting, and gives the packets that were read so far, as entries of the queue;
    /// none unless the stream is watched.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut state = self.lock();
        while matches!(state.step(), Step::Progress) {}
        state.record.as_ref().map(|record| record.entries.iter().cloned().collect()).unwrap_or_default()
    }

    /// What the harness attached to its streams.
    pub(crate) fn attached(&self) -> Option<&Arc<dyn Any + Send + Sync>> {
        self.watch.as_ref().map(|watch| watch.attached())
    }

    /// The last packets that were read; none unless the stream is watched.
    pub(crate) fn trace(&self) -> Trace {
        self.lock().record.as_ref().map(|record| record.trace.clone()).unwrap_or_default()
    }

    pub(super) fn in_a_row(&self) -> &AtomicU32 {
        &self.shared.in_a_row
    }

    pub(super) fn listen(&self) -> Vec<EventListener> {
        let state = self.lock();
        let sources = state.readers.iter().filter(|reader| !reader.ended).map(|reader| reader.source.wake().listen());
        sources.chain([self.shared.wake.listen()]).collect()
    }

    pub(super) fn starved(&self, waited: Duration) -> RecvError {
        let sent = self.watch.as_ref().map(|watch| watch.sent_heaps()).unwrap_or_default();
        let before = self.watch.as_ref().map(|watch| watch.told()).unwrap_or_default();
        let mut state = self.lock();
        RecvError::Starved(Box::new(Starved {
            waited,
            sent,
            live_heaps: state.reassembler.live_heaps(),
            ledger: state.reassembler.ledger().clone(),
            trace: state.record.as_ref().map(|record| record.trace.clone()).unwrap_or_default(),
            before,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Step {
    Progress,
    Empty,
    Ended,
}

impl State {
    /// Takes what the next reader has, if any has something.
    fn step(&mut self) -> Step {
        if self.reassembler.is_stopped() {
            return Step::Ended;
        }
        if !self.started || self.readers.is_empty() {
            return Step::Empty;
        }
        for _ in 0..self.readers.len() {
            let at = self.turn;
            self.turn = if at + 1 < self.readers.len() { at + 1 } else { 0 };
            match self.readers[at].next() {
                Taken::Entry(entry) => {
                    self.feed(at, entry);
                    return Step::Progress;
                }
                Taken::Empty => {}
                Taken::Ended => self.readers[at].ended = true,
            }
        }
        if !self.readers.iter().all(|reader| reader.ended) {
            return Step::Empty;
        }
        self.reassembler.stop();
        Step::Progress
    }

    /// Reads all that the entry has if this is the only reader; else a packet, since readers take turns.
    #[inline(always)]
    fn feed(&mut self, at: usize, mut entry: Entry) {
        if self.readers.len() > 1 {
            (entry, self.readers[at].rest) = entry.split_first();
        }
        let trace = self.record.as_mut().map(|record| record.note(&entry));
        if let Some(rest) = push(&mut self.reassembler, &mut self.header, entry, trace) {
            self.readers[at].rest = Some(match self.readers[at].rest.take() {
                None => rest,
                Some(later) => {
                    self.readers[at].source.put_back(later);
                    rest
                }
            });
        }
        if self.reassembler.is_stopped() {
            self.let_go();
        }
    }

    /// Gives back what was taken and will not be read.
    fn let_go(&mut self) {
        for reader in &mut self.readers {
            if let Some(rest) = reader.rest.take() {
                reader.source.put_back(rest);
            }
        }
    }
}

/// Pushes the packets of an entry until the stream stops; what is left then.
fn push(
    reassembler: &mut Reassembler,
    header: &mut Vec<u8>,
    entry: Entry,
    mut trace: Option<&mut Trace>,
) -> Option<Entry> {
    match &entry {
        Entry::Flat { bytes, origin } => {
            push_packet(reassembler, &Packet::parse(bytes), *origin, trace);
            None
        }
        Entry::Run(run) => {
            let mut cutter = Cutter::new(run, std::mem::take(header));
            let mut more = Vec::new();
            let mut outcome = Outcome::Accepted;
            while outcome != Outcome::Stopped
                && let Some((header, payload)) = cutter.next(&mut more)
            {
                let packet = Packet::parse_parts(header, payload);
                outcome = push_packet(reassembler, &packet, run.origin(), trace.as_deref_mut());
            }
            let rest = cutter.position()..run.range().end;
            *header = cutter.into_header();
            (!rest.is_empty()).then(|| Entry::Run(run.slice(rest)))
        }
    }
}

#[inline(always)]
fn push_packet(
    reassembler: &mut Reassembler,
    packet: &Result<Packet<'_>, PacketError>,
    origin: Origin,
    trace: Option<&mut Trace>,
) -> Outcome {
    let evicted = reassembler.stats().incomplete_heaps_evicted;
    let (cnt, outcome) = match packet {
        Ok(packet) => (Some(packet.cnt()), reassembler.push(packet, origin)),
        Err(error) => (None, reassembler.push_broken(*error, origin)),
    };
    log::packet(origin, cnt, outcome);
    if let Some(trace) = trace {
        trace.push(origin, cnt, outcome, reassembler.stats().incomplete_heaps_evicted > evicted);
    }
    outcome
}

impl AsRef<Self> for RecvStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for RecvStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        let config = state.reassembler.config();
        write!(
            f,
            "RecvStream(max_heaps {}, {} substreams, {} readers)",
            config.max_heaps,
            config.substreams,
            state.readers.len()
        )
    }
}

/// The heaps that a stream still receives.
///
/// Ends with the stream; an error other than the end comes out once, and ends the iteration too.
#[derive(Debug)]
pub struct Heaps<'s> {
    stream: &'s RecvStream,
    done: bool,
}

impl Iterator for Heaps<'_> {
    type Item = Result<ReceivedHeap, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.stream.next_heap();
        self.done = next.is_err();
        match next {
            Err(RecvError::Stopped) => None,
            next => Some(next),
        }
    }
}

impl std::iter::FusedIterator for Heaps<'_> {}

impl<'s> IntoIterator for &'s RecvStream {
    type Item = Result<ReceivedHeap, RecvError>;
    type IntoIter = Heaps<'s>;

    fn into_iter(self) -> Heaps<'s> {
        self.heaps()
    }
}

/// Why there is no next heap.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RecvError {
    /// The stream has ended and everything was read.
    #[error("the stream has ended")]
    Stopped,
    /// Nothing is queued, and nothing can come.
    #[error("{0}")]
    Starved(Box<Starved>),
}

/// Why a read in a harness can not be answered: what was sent, what arrived, and why the rest did not.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Starved {
    /// How long the read waited for another thread; not at all if there was none.
    pub waited: Duration,
    /// What each sender of the harness had sent.
    pub sent: Vec<SentHeaps>,
    /// The heaps that had arrived in part.
    pub live_heaps: Vec<IncompleteSummary>,
    /// What had become of the packets.
    pub ledger: Ledger,
    /// The packets in the order in which they were read.
    pub trace: Trace,
    /// What became of packets before they could be read, line by line; empty if nothing did.
    pub before: String,
}

impl fmt::Display for Starved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.waited.is_zero() {
            writeln!(
                f,
                "no heap to read: nothing is queued, and no other thread has used a stream of this harness (if one is \
                 about to send: `threads = true` in the attribute, `.threads()` on the builder)"
            )?;
        } else {
            writeln!(f, "no heap to read: nothing came in {:?}", self.waited)?;
        }
        for sender in &self.sent {
            writeln!(
                f,
                "{} sent {} in {}",
                sender.origin,
                Count(sender.heaps, "heap"),
                Count(sender.packets, "packet")
            )?;
        }
        if self.sent.is_empty() {
            writeln!(f, "nothing was sent")?;
        }
        f.write_str(&self.before)?;
        writeln!(f, "read whole: {}", Count(self.ledger.heaps().whole, "heap"))?;
        for heap in &self.live_heaps {
            writeln!(f, "still arriving: {heap}")?;
        }
        for heap in self.ledger.incomplete_heaps() {
            write!(f, "lost: {}", self.ledger.explain(heap.cnt.get()))?;
        }
        for (origin, example, packets) in self.ledger.rejections() {
            writeln!(f, "rejected: {} of {origin}, e.g. {example}", Count(packets, "packet"))?;
        }
        if self.trace.has_trouble() { write!(f, "{}", self.trace) } else { Ok(()) }
    }
}

/// A reader that came too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stream has been started: add all readers before `start()`")]
#[non_exhaustive]
pub struct ReaderError;
