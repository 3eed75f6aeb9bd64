use std::{
    any::Any,
    fmt,
    future::poll_fn,
    sync::{Arc, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use event_listener::EventListener;

use super::{
    BufferSource, Entry, PacketSource, RecvError, Starved, Waiters, Watch,
    intake::{Intake, Step},
    reading::{Budget, Wait},
    record::Record,
};
use crate::{
    recv::{
        DuplicateStat, Event, Ledger, ReceivedHeap, RecvConfig, RecvConfigError, StatIndex, StatMode, Stats, Trace,
    },
    sync::{Mutex, MutexGuard, block_on, thread},
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

/// Entries that are read before others may have the stream.
const ENTRIES_AT_ONCE: usize = 256;

/// What came of a look at a stream.
pub(super) enum Look<T> {
    /// What was looked for.
    Found(T),
    /// It is not there, and nothing is left to read now.
    Empty,
    /// It is not there yet, but there is more to read.
    More,
}

struct Shared {
    intake: Mutex<Intake>,
    /// Notified when a reader comes, or the stream starts or stops.
    waiters: Waiters,
    /// Of async readers.
    budget: Budget,
}

impl RecvStream {
    /// A stream without readers.
    ///
    /// # Errors
    /// [`RecvConfigError`] if the settings cannot work.
    pub fn new(config: RecvConfig) -> Result<Self, RecvConfigError> {
        let intake = Intake::new(config)?;
        let shared = Shared { intake: Mutex::new(intake), waiters: Waiters::new(), budget: Budget::default() };
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
        let mut intake = self.lock();
        if intake.started && intake.reassembler.config().explicit_start {
            return Err(ReaderError);
        }
        intake.add(source);
        drop(intake);
        self.shared.waiters.notify();
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
        self.shared.waiters.notify();
    }

    /// Stops: what is complete can still be read, what is incomplete is dropped (and counted), what the readers have not
    /// read stays there. Stopping twice is harmless.
    pub fn stop(&self) {
        self.lock().stop();
        self.shared.waiters.notify();
    }

    /// The next whole heap. Waits for it; incomplete heaps are passed over (the ledger counts them).
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one; in a harness [`RecvError::Starved`] instead of waiting for what cannot
    /// come.
    pub fn next_heap(&self) -> Result<ReceivedHeap, RecvError> {
        self.next(Intake::pop_heap)
    }

    /// The next whole heap, if there is one now.
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one.
    pub fn try_next_heap(&self) -> Result<Option<ReceivedHeap>, RecvError> {
        self.try_next(Intake::pop_heap)
    }

    /// The next heap, whole or not. Waits for it.
    ///
    /// # Errors
    /// As [`next_heap`](Self::next_heap).
    pub fn next_event(&self) -> Result<Event, RecvError> {
        self.next(Intake::pop)
    }

    /// The next heap, whole or not, if there is one now.
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one.
    pub fn try_next_event(&self) -> Result<Option<Event>, RecvError> {
        self.try_next(Intake::pop)
    }

    fn next<T>(&self, find: impl Fn(&mut Intake) -> Option<T>) -> Result<T, RecvError> {
        if let Some(found) = self.try_next(&find)? {
            return Ok(found);
        }
        let limit = self.watch.as_ref().map(|watch| watch.patience());
        if limit == Some(Duration::ZERO) {
            return Err(self.starved(Duration::ZERO));
        }
        let mut wait = Wait::patient();
        let next = poll_fn(|context| self.poll_look(&mut wait, context, &find));
        block_on(next, limit).unwrap_or_else(|| Err(self.starved(limit.unwrap_or_default())))
    }

    fn try_next<T>(&self, find: impl Fn(&mut Intake) -> Option<T>) -> Result<Option<T>, RecvError> {
        self.touch();
        loop {
            match self.look(&find)? {
                Look::Found(found) => return Ok(Some(found)),
                Look::Empty => return Ok(None),
                // So that another thread gets a chance to stop a stream that has packets without end and never a heap.
                Look::More => thread::yield_now(),
            }
        }
    }

    /// Reads until `find` finds something, but not for long: others may want the stream.
    pub(super) fn look<T>(&self, mut find: impl FnMut(&mut Intake) -> Option<T>) -> Result<Look<T>, RecvError> {
        let mut intake = self.lock();
        for _ in 0..ENTRIES_AT_ONCE {
            if let Some(found) = find(&mut intake) {
                return Ok(Look::Found(found));
            }
            match intake.step() {
                Step::Progress => {}
                Step::Empty => return Ok(Look::Empty),
                Step::Ended => return Err(RecvError::Stopped),
            }
        }
        Ok(Look::More)
    }

    /// The next whole heap; for code that is async. Needs no particular runtime. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one; in a harness [`RecvError::Starved`] if nothing comes in time.
    pub async fn next_heap_async(&self) -> Result<ReceivedHeap, RecvError> {
        let mut wait = Wait::default();
        poll_fn(|context| self.poll_look(&mut wait, context, Intake::pop_heap)).await
    }

    /// The next heap, whole or not; for code that is async.
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one.
    pub async fn next_event_async(&self) -> Result<Event, RecvError> {
        let mut wait = Wait::default();
        poll_fn(|context| self.poll_look(&mut wait, context, Intake::pop)).await
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
        let mut ledger = self.lock().reassembler.ledger().clone();
        ledger.befall(self.watch.as_ref().map(|watch| watch.planned()).unwrap_or_default());
        ledger
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
            Some(record) => record.take(),
        }
    }

    /// Reads all that can be read without waiting, and gives the packets that were read so far, as entries of the queue;
    /// none unless the stream is watched.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut intake = self.lock();
        while matches!(intake.step(), Step::Progress) {}
        intake.record.as_ref().map(Record::entries).unwrap_or_default()
    }

    /// How many sources it reads.
    pub(crate) fn readers(&self) -> usize {
        self.lock().readers()
    }

    /// What the harness attached to its streams.
    pub(crate) fn attached(&self) -> Option<&Arc<dyn Any + Send + Sync>> {
        self.watch.as_ref().map(|watch| watch.attached())
    }

    /// The last packets that were read; none unless the stream is watched.
    pub(crate) fn trace(&self) -> Trace {
        self.lock().record.as_ref().map(|record| record.trace().clone()).unwrap_or_default()
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.shared.budget
    }

    /// Notes that a watched stream is used.
    pub(super) fn touch(&self) {
        if let Some(watch) = &self.watch {
            watch.touch();
        }
    }

    /// How long a harness lets anybody wait for a thread.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.watch.as_ref().map(|watch| watch.timeout())
    }

    /// Counts a heap that found a ring full.
    pub(super) fn count_blocked(&self) {
        self.lock().reassembler.count_blocked();
    }

    /// Takes a whole heap that is ready.
    pub(super) fn pop_heap(&self) -> Option<ReceivedHeap> {
        self.lock().pop_heap()
    }

    pub(super) fn listen(&self) -> Vec<EventListener> {
        let mut listeners = self.lock().listen();
        listeners.push(self.shared.waiters.listen());
        listeners
    }

    pub(super) fn starved(&self, waited: Duration) -> RecvError {
        let sent = self.watch.as_ref().map(|watch| watch.sent_heaps()).unwrap_or_default();
        let before = self.watch.as_ref().map(|watch| watch.told()).unwrap_or_default();
        let ledger = self.ledger();
        let mut intake = self.lock();
        RecvError::Starved(Box::new(Starved {
            waited,
            sent,
            live_heaps: intake.reassembler.live_heaps(),
            ledger,
            trace: intake.record.as_ref().map(|record| record.trace().clone()).unwrap_or_default(),
            before,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Intake> {
        self.shared.intake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsRef<Self> for RecvStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for RecvStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let intake = self.lock();
        let config = intake.reassembler.config();
        write!(
            f,
            "RecvStream(max_heaps {}, {} substreams, {} readers)",
            config.max_heaps,
            config.substreams,
            intake.readers()
        )
    }
}

/// A reader that came too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stream has been started: add all readers before `start()`")]
#[non_exhaustive]
pub struct ReaderError;
