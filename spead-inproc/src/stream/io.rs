use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use async_executor::Executor;
use event_listener::Event;
use futures_lite::future::block_on;

use super::{VirtualClock, clock::Clock};

/// Where a [`SendStream`](super::SendStream) does its work, and by which clock; see
/// [`with_io`](super::SendStream::with_io).
#[derive(Debug, Clone)]
pub struct Io(pub(super) Place);

#[derive(Debug, Clone)]
pub(super) enum Place {
    /// On the thread that sends.
    Caller(Clock),
    Pool(ThreadPool),
    Stepped(Stepper),
}

impl Io {
    /// On the thread that sends, by the clock on the wall: the default.
    #[must_use]
    pub fn caller() -> Self {
        Self(Place::Caller(Clock::real()))
    }
}

impl Default for Io {
    fn default() -> Self {
        Self::caller()
    }
}

/// On the thread that sends, by this clock: whenever the rate makes a stream wait, the clock jumps instead.
impl From<&VirtualClock> for Io {
    fn from(clock: &VirtualClock) -> Self {
        Self(Place::Caller(Clock::Virtual(clock.clone())))
    }
}

impl From<&ThreadPool> for Io {
    fn from(pool: &ThreadPool) -> Self {
        Self(Place::Pool(pool.clone()))
    }
}

impl From<&Stepper> for Io {
    fn from(stepper: &Stepper) -> Self {
        Self(Place::Stepped(stepper.clone()))
    }
}

/// Threads that do the sending of streams (spead2 `ThreadPool`).
///
/// A cheap handle: clones are the same pool. The threads end when the last handle and the last stream on the pool are
/// gone, and what was queued is sent.
///
/// ```
/// use spead_inproc::{
///     Flavour, Heap, InprocQueue, SendConfig, SendStream,
///     stream::ThreadPool,
/// };
///
/// let pool = ThreadPool::new(2)?;
/// let queue = InprocQueue::new();
/// let tx = SendStream::new(&queue, SendConfig::default())?.with_io(&pool);
/// drop(tx.send_heap_async(&Heap::start_of_stream(Flavour::SPEAD_64_48)));
/// tx.flush()?;
/// assert_eq!(queue.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ThreadPool(pub(super) Arc<Threads>);

pub(super) struct Threads {
    pub(super) executor: Arc<Executor<'static>>,
    pub(super) clock: Clock,
    count: usize,
    stopped: Arc<AtomicBool>,
    stop: Arc<Event>,
}

impl ThreadPool {
    /// A pool of so many threads, by the clock on the wall.
    ///
    /// # Errors
    /// [`ThreadPoolError`] if there are none, or the system gives none.
    pub fn new(threads: usize) -> Result<Self, ThreadPoolError> {
        Self::start(threads, Clock::real())
    }

    /// A pool of so many threads, by a clock that somebody else moves.
    ///
    /// # Errors
    /// [`ThreadPoolError`] if there are none, or the system gives none.
    pub fn with_clock(threads: usize, clock: &VirtualClock) -> Result<Self, ThreadPoolError> {
        Self::start(threads, Clock::Virtual(clock.clone()))
    }

    /// How many threads there are.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.0.count
    }

    fn start(count: usize, clock: Clock) -> Result<Self, ThreadPoolError> {
        if count == 0 {
            return Err(ThreadPoolError::NoThreads);
        }
        // Dropped on an error, which ends the threads that were started.
        let threads = Threads { executor: Arc::default(), clock, count, stopped: Arc::default(), stop: Arc::default() };
        for at in 0..count {
            let (executor, stopped) = (Arc::clone(&threads.executor), Arc::clone(&threads.stopped));
            let stop = Arc::clone(&threads.stop);
            let run = move || {
                while !stopped.load(Ordering::SeqCst) {
                    let listener = stop.listen();
                    if stopped.load(Ordering::SeqCst) {
                        break;
                    }
                    // A sink of the user's own may panic: its stream has failed then, and the others go on.
                    drop(catch_unwind(AssertUnwindSafe(|| block_on(executor.run(listener)))));
                }
            };
            thread::Builder::new().name(format!("spead-send-{at}")).spawn(run).map_err(ThreadPoolError::Spawn)?;
        }
        Ok(Self(Arc::new(threads)))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.stop.notify(usize::MAX);
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThreadPool({} threads)", self.threads())
    }
}

/// A pool that can not be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ThreadPoolError {
    /// Nobody would send.
    #[error("a pool of 0 threads sends nothing: use at least 1")]
    NoThreads,
    /// The system gives no thread.
    #[error("no thread for the pool: {0}")]
    Spawn(#[source] io::Error),
}

/// Does the sending of streams packet by packet, when told to: what happens between two packets is up to the test.
///
/// Streams take turns. Time is that of a [`VirtualClock`], which jumps when every stream waits for its rate. A call that
/// waits (`send_heap`, `flush`) steps until it is done. A cheap handle: clones are the same stepper.
///
/// ```
/// use spead_inproc::{
///     Flavour, Heap, InprocQueue, SendConfig, SendStream,
///     stream::Stepper,
/// };
///
/// let stepper = Stepper::new();
/// let queue = InprocQueue::new();
/// let tx = SendStream::new(&queue, SendConfig { max_packet_size: 72, ..SendConfig::default() })?.with_io(&stepper);
/// drop(tx.send_heap_async(&Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![0; 56]).build()?));
/// assert!(queue.is_empty());
/// stepper.step();
/// assert_eq!(queue.len(), 1);
/// assert_eq!(stepper.run_until_idle(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Stepper {
    pub(super) executor: Arc<Executor<'static>>,
    pub(super) clock: VirtualClock,
    pub(super) packets: Arc<AtomicU64>,
    turn: Arc<Mutex<()>>,
}

impl Stepper {
    /// A stepper whose clock shows 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Its clock.
    #[must_use]
    pub const fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// Sends one packet, after the time that its rate asks for; `false` if there is none to send.
    pub fn step(&self) -> bool {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.packets.load(Ordering::SeqCst);
        while self.executor.try_tick() || self.clock.skip() {
            if self.packets.load(Ordering::SeqCst) != before {
                return true;
            }
        }
        false
    }

    /// Sends all that is queued, and says how many packets that were.
    pub fn run_until_idle(&self) -> u64 {
        let mut packets = 0;
        while self.step() {
            packets += 1;
        }
        packets
    }
}

impl fmt::Debug for Stepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stepper({:?})", self.clock)
    }
}
