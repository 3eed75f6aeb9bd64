use std::{
    fmt,
    future::poll_fn,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use futures_timer::Delay;

/// A clock that stands still until somebody moves it, so that a test of an hour takes milliseconds and comes out the same
/// every time.
///
/// A stream that sends on the caller's thread moves it by itself whenever its rate makes it wait, and so does a
/// [`Stepper`](super::Stepper) that has nothing else to do. Streams on a [`ThreadPool`](super::ThreadPool) wait until
/// somebody else [advances](Self::advance) it. A cheap handle: clones are the same clock.
///
/// ```
/// use std::time::Duration;
///
/// use spead_inproc::{Flavour, Heap, InprocQueue, SendConfig, SendStream, stream::VirtualClock};
///
/// let clock = VirtualClock::new();
/// let config = SendConfig { rate: 1000.0, burst_size: 1, ..SendConfig::default() };
/// let tx = SendStream::new(&InprocQueue::new(), config)?.with_io(&clock);
/// let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![0; 952]).build()?;
/// for _ in 0..61 {
///     assert_eq!(tx.send_heap(&heap)?.bytes, 1000);
/// }
/// assert_eq!(clock.now(), Duration::from_secs(60)); // which took no time
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct VirtualClock {
    time: Arc<Mutex<Time>>,
}

#[derive(Default)]
struct Time {
    now: Duration,
    sleepers: Vec<(Duration, Waker)>,
}

impl VirtualClock {
    /// A clock that shows 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long it has been running.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.lock().now
    }

    /// Moves it on, and wakes those whose time has come.
    pub fn advance(&self, by: Duration) {
        let until = self.now().saturating_add(by);
        self.advance_to(until);
    }

    /// Moves it on to the time that somebody waits for first, if anybody waits.
    pub(super) fn skip(&self) -> bool {
        let first = self.lock().sleepers.iter().map(|(until, _)| *until).min();
        first.is_some_and(|until| {
            self.advance_to(until);
            true
        })
    }

    fn advance_to(&self, until: Duration) {
        let mut time = self.lock();
        time.now = time.now.max(until);
        let now = time.now;
        let (due, later) = mem::take(&mut time.sleepers).into_iter().partition(|(until, _)| *until <= now);
        time.sleepers = later;
        drop(time);
        let due: Vec<(Duration, Waker)> = due;
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }

    async fn sleep(&self, until: Duration) {
        poll_fn(|context| {
            let mut time = self.lock();
            if time.now >= until {
                return Poll::Ready(());
            }
            let waker = context.waker();
            if !time.sleepers.iter().any(|(other, sleeper)| *other == until && sleeper.will_wake(waker)) {
                time.sleepers.push((until, waker.clone()));
            }
            Poll::Pending
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, Time> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VirtualClock({:?})", self.now())
    }
}

/// What a rate is measured against.
#[derive(Debug, Clone)]
pub(super) enum Clock {
    /// Since when.
    Real(Instant),
    Virtual(VirtualClock),
}

impl Clock {
    pub(super) fn real() -> Self {
        Self::Real(Instant::now())
    }

    pub(super) const fn is_real(&self) -> bool {
        matches!(self, Self::Real(_))
    }

    pub(super) fn now(&self) -> Duration {
        match self {
            Self::Real(start) => start.elapsed(),
            Self::Virtual(clock) => clock.now(),
        }
    }

    /// Waits on this thread; a virtual clock has nobody else to move it.
    pub(super) fn wait(&self, until: Duration) {
        match self {
            Self::Real(start) => thread::sleep(until.saturating_sub(start.elapsed())),
            Self::Virtual(clock) => clock.advance_to(until),
        }
    }

    /// Waits without holding the thread.
    pub(super) async fn sleep(&self, until: Duration) {
        match self {
            Self::Real(start) => Delay::new(until.saturating_sub(start.elapsed())).await,
            Self::Virtual(clock) => clock.sleep(until).await,
        }
    }
}
