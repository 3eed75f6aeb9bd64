//! Reading for code that is async: waits for readers, gives way to others, and is watched in a harness.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use event_listener::EventListener;
use futures_core::Stream;
use futures_timer::Delay;

use super::{RecvError, RecvStream, intake::Intake, recv_stream::Look};
use crate::{
    recv::ReceivedHeap,
    sync::atomic::{AtomicU32, Ordering},
};

/// How much a reader that is async may find without having to wait, before it lets others run.
#[derive(Debug, Default)]
pub(super) struct Budget(AtomicU32);

impl Budget {
    const FULL: u32 = 32;

    /// Notes that something was found.
    pub(super) fn spend(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that others ran.
    pub(super) fn renew(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Whether nothing is left of it; then it is renewed, as others run now.
    pub(super) fn is_spent(&self) -> bool {
        let spent = self.0.load(Ordering::Relaxed) >= Self::FULL;
        if spent {
            self.renew();
        }
        spent
    }
}

/// A read that waits. What it waits for is not lost when it is dropped: it has taken nothing.
#[derive(Default)]
pub(super) struct Wait {
    listeners: Vec<EventListener>,
    watchdog: Option<Delay>,
    /// Whether it waits as long as it takes, also in a harness.
    patient: bool,
}

impl Wait {
    /// Waits as long as it takes.
    pub(super) fn patient() -> Self {
        Self { patient: true, ..Self::default() }
    }

    fn woken(&mut self, context: &mut Context<'_>) -> bool {
        self.listeners.is_empty()
            || self.listeners.iter_mut().any(|listener| Pin::new(listener).poll(context).is_ready())
    }
}

impl RecvStream {
    /// The heaps to come, for code that is async, until the stream ends; in a harness also until nothing comes in time, and
    /// then the last is [`RecvError::Starved`]. Needs no particular runtime; dropping it loses nothing.
    ///
    /// ```
    /// use futures_lite::{StreamExt as _, future::block_on};
    /// use spead_inproc::{Flavour, Heap, InprocQueue, RecvConfig, RecvStream, SendConfig, SendStream};
    ///
    /// let queue = InprocQueue::new();
    /// SendStream::new(&queue, SendConfig::default())?.send_heap(&Heap::start_of_stream(Flavour::SPEAD_64_48))?;
    /// queue.stop();
    ///
    /// let rx = RecvStream::new(RecvConfig::default())?;
    /// rx.add_inproc_reader(&queue)?;
    /// block_on(async {
    ///     let mut heaps = rx.heap_stream();
    ///     while let Some(heap) = heaps.next().await {
    ///         assert!(heap?.is_start_of_stream());
    ///     }
    ///     Ok::<(), Box<dyn std::error::Error>>(())
    /// })
    /// # ?; Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn heap_stream(&self) -> HeapStream {
        HeapStream { stream: self.clone(), wait: Wait::default(), done: false }
    }

    /// Reads until `find` finds something.
    pub(super) fn poll_look<T>(
        &self,
        wait: &mut Wait,
        context: &mut Context<'_>,
        find: impl Fn(&mut Intake) -> Option<T>,
    ) -> Poll<Result<T, RecvError>> {
        self.touch();
        while wait.woken(context) {
            wait.listeners.clear();
            if self.budget().is_spent() {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let mut look = self.look(&find);
            if matches!(look, Ok(Look::Empty)) {
                wait.listeners = self.listen();
                // Whatever came before the listeners were there would wake nobody.
                look = self.look(&find);
            }
            match look {
                Ok(Look::Found(found)) => return Poll::Ready(Ok(self.found(wait, found))),
                Err(error) => return Poll::Ready(Err(error)),
                Ok(Look::More) => {
                    self.budget().renew();
                    wait.listeners.clear();
                    context.waker().wake_by_ref();
                    break;
                }
                Ok(Look::Empty) => self.budget().renew(),
            }
        }
        let Some(limit) = self.watch.as_ref().filter(|_| !wait.patient).map(|watch| watch.timeout()) else {
            return Poll::Pending;
        };
        let watchdog = wait.watchdog.get_or_insert_with(|| Delay::new(limit));
        Pin::new(watchdog).poll(context).map(|()| Err(self.starved(limit)))
    }

    fn found<T>(&self, wait: &mut Wait, found: T) -> T {
        self.budget().spend();
        (wait.listeners, wait.watchdog) = (Vec::new(), None);
        found
    }
}

/// The heaps that a stream still receives, for code that is async; see [`RecvStream::heap_stream`].
///
/// Ends with the stream; an error other than the end comes out once, and ends it too. It holds none of the heaps.
pub struct HeapStream {
    stream: RecvStream,
    wait: Wait,
    done: bool,
}

impl Stream for HeapStream {
    type Item = Result<ReceivedHeap, RecvError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { stream, wait, done } = self.get_mut();
        if *done {
            return Poll::Ready(None);
        }
        let next = ready!(stream.poll_look(wait, context, Intake::pop_heap));
        *done = next.is_err();
        Poll::Ready(match next {
            Err(RecvError::Stopped) => None,
            next => Some(next),
        })
    }
}

impl fmt::Debug for HeapStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeapStream").field("stream", &self.stream).field("done", &self.done).finish_non_exhaustive()
    }
}
