//! The model checker's, in the shape of what they stand for.

use std::time::Duration;

pub(crate) use shuttle::{
    sync::{Mutex, MutexGuard, atomic},
    thread,
};

/// Runs a future on this thread. There is no time in a model: whoever is not woken waits for ever, which the checker
/// reports.
pub(crate) fn block_on<T>(future: impl Future<Output = T>, _limit: Option<Duration>) -> Option<T> {
    Some(shuttle::future::block_on(future))
}

/// An unbounded channel with as many receivers as one likes.
pub(crate) mod channel {
    use std::sync::PoisonError;

    use shuttle::sync::{Mutex, mpsc};

    pub(crate) use shuttle::sync::mpsc::{Sender, TryRecvError};

    pub(crate) struct Receiver<T>(Mutex<mpsc::Receiver<T>>);

    pub(crate) fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
        let (sender, receiver) = mpsc::channel();
        (sender, Receiver(Mutex::new(receiver)))
    }

    impl<T> Receiver<T> {
        pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).try_recv()
        }
    }
}
