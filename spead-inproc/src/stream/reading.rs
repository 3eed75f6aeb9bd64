//! Reading for code that is async: waits for readers, gives way to others, and is watched in a harness.

use std::{
    fmt,
    pin::Pin,
    sync::atomic::Ordering,
    task::{Context, Poll},
};

use event_listener::EventListener;
use futures_core::Stream;
use futures_timer::Delay;

use super::{RecvError, RecvStream};
use crate::recv::{Event, ReceivedHeap};

/// Events in a row after which a reader lets others run.
const BUDGET: u32 = 32;

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
    /// The heaps to come, for code that is async, until the stream ends. Needs no particular runtime; dropping it loses
    /// nothing.
    #[must_use]
    pub fn heap_stream(&self) -> HeapStream {
        HeapStream { stream: self.clone(), wait: Wait::default(), done: false }
    }

    pub(super) fn poll_event(&self, wait: &mut Wait, context: &mut Context<'_>) -> Poll<Result<Event, RecvError>> {
        while wait.woken(context) {
            wait.listeners.clear();
            if self.in_a_row().load(Ordering::Relaxed) >= BUDGET {
                self.in_a_row().store(0, Ordering::Relaxed);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(next) = self.try_next_event().transpose() {
                return self.give(wait, next);
            }
            wait.listeners = self.listen();
            // Whatever came before the listeners were there would wake nobody.
            if let Some(next) = self.try_next_event().transpose() {
                return self.give(wait, next);
            }
            self.in_a_row().store(0, Ordering::Relaxed);
        }
        let Some(limit) = self.watch.as_ref().filter(|_| !wait.patient).map(|watch| watch.timeout()) else {
            return Poll::Pending;
        };
        let watchdog = wait.watchdog.get_or_insert_with(|| Delay::new(limit));
        Pin::new(watchdog).poll(context).map(|()| Err(self.starved(limit)))
    }

    fn give(&self, wait: &mut Wait, next: Result<Event, RecvError>) -> Poll<Result<Event, RecvError>> {
        self.in_a_row().fetch_add(1, Ordering::Relaxed);
        (wait.listeners, wait.watchdog) = (Vec::new(), None);
        Poll::Ready(next)
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
        while !*done {
            match stream.poll_event(wait, context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(Event::Heap(heap))) => return Poll::Ready(Some(Ok(heap))),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => {
                    *done = true;
                    if !matches!(error, RecvError::Stopped) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
            }
        }
        Poll::Ready(None)
    }
}

impl fmt::Debug for HeapStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeapStream").field("stream", &self.stream).field("done", &self.done).finish_non_exhaustive()
    }
}
