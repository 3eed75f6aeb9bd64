use std::{
    collections::VecDeque,
    fmt, io,
    num::NonZeroUsize,
    sync::{Arc, OnceLock, PoisonError},
    time::Duration,
};

use futures_lite::future::{or, yield_now};
use futures_timer::Delay;

use super::{RecvError, RecvStream, Waiters, reading::Budget};
use crate::{
    recv::ReceivedHeap,
    sync::{Mutex, MutexGuard, block_on},
};

/// Heaps that are ready: a bounded buffer between worker threads and those who read (spead2 `recv_ring_stream.h`).
///
/// [`RecvStream::read_into`] starts a worker. When the ring is full the workers wait; nothing is lost. It ends when the last
/// worker has come to the end of its stream, or at once by [`stop`](Self::stop); so start all workers before the first
/// can be done. A cheap handle: clones are the same ring.
///
/// ```
/// use spead_inproc::{Flavour, Heap, InprocQueue, RecvConfig, RecvStream, SendConfig, SendStream, stream::HeapRing};
///
/// let queue = InprocQueue::new();
/// SendStream::new(&queue, SendConfig::default())?.send_heap(&Heap::start_of_stream(Flavour::SPEAD_64_48))?;
/// queue.stop();
///
/// let ring = HeapRing::new(4)?;
/// let rx = RecvStream::new(RecvConfig::default())?;
/// rx.add_inproc_reader(&queue)?;
/// let worker = rx.read_into(&ring)?;
/// assert!(ring.next_heap()?.is_start_of_stream());
/// worker.join()?;
/// assert!(ring.next_heap().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct HeapRing {
    shared: Arc<Shared>,
}

struct Shared {
    capacity: NonZeroUsize,
    state: Mutex<State>,
    /// Notified when a heap is there, or the ring is over.
    filled: Waiters,
    /// Notified when there is room, or the ring is over.
    freed: Waiters,
    budget: Budget,
    /// A stream of a harness: then reading is watched.
    watched: OnceLock<RecvStream>,
}

#[derive(Default)]
struct State {
    heaps: VecDeque<ReceivedHeap>,
    /// Streams that may still put something in.
    places: usize,
    /// Nothing more comes in.
    over: bool,
}

/// What came of an attempt to move a heap into a ring.
pub(super) enum Put {
    Done,
    Full,
    Over,
}

impl HeapRing {
    /// A ring that holds so many heaps.
    ///
    /// # Errors
    /// [`RingError::NoRoom`] if it would hold none.
    pub fn new(heaps: usize) -> Result<Self, RingError> {
        let shared = Shared {
            capacity: NonZeroUsize::new(heaps).ok_or(RingError::NoRoom)?,
            state: Mutex::default(),
            filled: Waiters::new(),
            freed: Waiters::new(),
            budget: Budget::default(),
            watched: OnceLock::new(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// How many heaps it holds at most.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.capacity.get()
    }

    /// The next heap. Waits for it.
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one; in a harness [`RecvError::Starved`] if none comes in time.
    pub fn next_heap(&self) -> Result<ReceivedHeap, RecvError> {
        if let Some(heap) = self.try_next_heap()? {
            return Ok(heap);
        }
        let limit = self.patience();
        block_on(self.wait_for_heap(), limit).unwrap_or_else(|| Err(self.starved(limit.unwrap_or_default())))
    }

    /// The next heap, if there is one now.
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one.
    pub fn try_next_heap(&self) -> Result<Option<ReceivedHeap>, RecvError> {
        let mut state = self.state();
        let heap = state.heaps.pop_front();
        let over = state.over;
        drop(state);
        if heap.is_some() {
            self.shared.freed.notify();
        } else if over {
            return Err(RecvError::Stopped);
        }
        Ok(heap)
    }

    /// The next heap; for code that is async. Needs no particular runtime. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`RecvError::Stopped`] after the last one; in a harness [`RecvError::Starved`] if none comes in time.
    pub async fn next_heap_async(&self) -> Result<ReceivedHeap, RecvError> {
        if self.shared.budget.is_spent() {
            yield_now().await;
        }
        let next = match self.patience() {
            None => self.wait_for_heap().await,
            Some(limit) => {
                let starved = async {
                    Delay::new(limit).await;
                    Err(self.starved(limit))
                };
                or(self.wait_for_heap(), starved).await
            }
        };
        self.shared.budget.spend();
        next
    }

    /// Heaps that are ready.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state().heaps.len()
    }

    /// Whether no heap is ready.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets nothing more in, and workers go, also those that wait for room; what is ready can still be read, and what is not
    /// stays in its stream. Stopping twice is harmless.
    pub fn stop(&self) {
        self.state().over = true;
        self.shared.filled.notify();
        self.shared.freed.notify();
    }

    async fn wait_for_heap(&self) -> Result<ReceivedHeap, RecvError> {
        wait_for(&self.shared.filled, || self.try_next_heap().transpose()).await
    }

    /// Waits until `find` finds something, which it may whenever there is room, or the ring is over.
    pub(super) async fn wait_for_room<T>(&self, find: impl FnMut() -> Option<T>) -> T {
        wait_for(&self.shared.freed, find).await
    }

    pub(super) fn is_over(&self) -> bool {
        self.state().over
    }

    /// Moves a heap that is ready from a stream into the ring. If somebody else has taken it, that is done too.
    pub(super) fn put_from(&self, stream: &RecvStream) -> Put {
        let mut state = self.state();
        if state.over {
            return Put::Over;
        }
        if state.heaps.len() >= self.shared.capacity.get() {
            return Put::Full;
        }
        // Under the lock of the ring: the heap is in the stream or in the ring, never between.
        state.heaps.extend(stream.pop_heap());
        drop(state);
        self.shared.filled.notify();
        Put::Done
    }

    /// Lets one more stream put heaps in, until what this gives is dropped.
    pub(super) fn place(&self, stream: &RecvStream) -> Result<Place, RingError> {
        let mut state = self.state();
        if state.over {
            return Err(RingError::Over);
        }
        state.places += 1;
        drop(state);
        if stream.watch.is_some() {
            self.shared.watched.get_or_init(|| stream.clone());
        }
        Ok(Place(self.clone()))
    }

    /// How long a read may wait.
    fn patience(&self) -> Option<Duration> {
        self.shared.watched.get().and_then(RecvStream::patience)
    }

    fn starved(&self, waited: Duration) -> RecvError {
        self.shared.watched.get().map_or(RecvError::Stopped, |stream| stream.starved(waited))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks whenever somebody says that it may help.
async fn wait_for<T>(waiters: &Waiters, mut find: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = find() {
            return found;
        }
        let listener = waiters.listen();
        // Whatever came before the listener was there would wake nobody.
        if let Some(found) = find() {
            return found;
        }
        listener.await;
    }
}

/// The right of a stream to put heaps into a ring, which is over when the last is gone.
pub(super) struct Place(HeapRing);

impl Place {
    pub(super) const fn ring(&self) -> &HeapRing {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.places -= 1;
        let last = state.places == 0;
        drop(state);
        if last {
            self.0.stop();
        }
    }
}

impl fmt::Debug for HeapRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeapRing({} of {} heaps)", self.len(), self.shared.capacity)
    }
}

/// A ring that cannot be, or a worker that cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    /// No heap could ever be ready.
    #[error("a ring of 0 heaps lets no heap through: use at least 1")]
    NoRoom,
    /// Nothing more can be put into the ring.
    #[error(
        "the ring is over: it was stopped, or its last worker was done; start all workers before the first can be done"
    )]
    Over,
    /// The system gives no thread.
    #[error("no thread for the worker: {0}")]
    Spawn(#[source] io::Error),
}
