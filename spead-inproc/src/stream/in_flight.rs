use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_channel::oneshot::Receiver;
use futures_timer::Delay;

use super::{SendError, outbox::Unsent};

/// Heaps that are under way: resolves when the last of their packets is on the transport, or one was refused.
///
/// They were queued when the call returned. This borrows nothing and belongs to no runtime; dropping it takes nothing back.
#[must_use = "says whether the heaps were sent; to go on without knowing, drop it"]
pub struct InFlight<T> {
    state: Option<State<T>>,
}

enum State<T> {
    Done(Result<T, SendError>),
    Queued(Queued<T>),
}

/// What was queued.
struct Queued<T> {
    sent: T,
    packets: u64,
    /// Says what was refused.
    ticket: Receiver<Unsent>,
    /// How long a harness waits for it.
    patience: Option<Duration>,
    watchdog: Option<Delay>,
}

impl<T> InFlight<T> {
    pub(super) const fn done(result: Result<T, SendError>) -> Self {
        Self { state: Some(State::Done(result)) }
    }

    pub(super) const fn queued(sent: T, packets: u64, ticket: Receiver<Unsent>, patience: Option<Duration>) -> Self {
        Self { state: Some(State::Queued(Queued { sent, packets, ticket, patience, watchdog: None })) }
    }

    /// The same, when it resolves to something else.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> InFlight<U> {
        let state = self.state.map(|state| match state {
            State::Done(result) => State::Done(result.map(change)),
            State::Queued(Queued { sent, packets, ticket, patience, watchdog }) => {
                State::Queued(Queued { sent: change(sent), packets, ticket, patience, watchdog })
            }
        });
        InFlight { state }
    }

    /// Whether it will resolve without waiting.
    pub(super) fn resolve(&mut self) -> bool {
        let Some(State::Queued(queued)) = &mut self.state else { return true };
        let Some(unsent) = queued.ticket.try_recv().transpose() else { return false };
        let packets = queued.packets;
        let outcome = unsent.map_err(|_| SendError::Abandoned).and_then(|unsent| unsent.outcome(packets));
        self.state = self.state.take().map(|state| match state {
            State::Queued(queued) => State::Done(outcome.map(|()| queued.sent)),
            done => done,
        });
        true
    }
}

/// Nothing in it is pinned.
impl<T> Unpin for InFlight<T> {}

impl<T> Future for InFlight<T> {
    type Output = Result<T, SendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match self.state.as_mut() {
            Some(State::Queued(queued)) => match queued.poll(context) {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => return Poll::Pending,
            },
            _ => Ok(()),
        };
        Poll::Ready(match self.state.take() {
            Some(State::Done(result)) => result,
            Some(State::Queued(queued)) => outcome.map(|()| queued.sent),
            None => panic!("polled again after it had resolved"),
        })
    }
}

impl<T> Queued<T> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        match Pin::new(&mut self.ticket).poll(context) {
            Poll::Ready(Ok(unsent)) => return Poll::Ready(unsent.outcome(self.packets)),
            Poll::Ready(Err(_)) => return Poll::Ready(Err(SendError::Abandoned)),
            Poll::Pending => {}
        }
        let Some(waited) = self.patience else { return Poll::Pending };
        let watchdog = self.watchdog.get_or_insert_with(|| Delay::new(waited));
        Pin::new(watchdog).poll(context).map(|()| Err(SendError::Overdue { waited }))
    }
}

impl<T: fmt::Debug> fmt::Debug for InFlight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            Some(State::Done(result)) => f.debug_tuple("InFlight").field(result).finish(),
            Some(State::Queued(queued)) => write!(f, "InFlight({} packets)", queued.packets),
            None => write!(f, "InFlight(over)"),
        }
    }
}
