use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use crate::heap::Origin;

thread_local! {
    static HERE: ThreadId = thread::current().id();
}

/// What the streams of one harness know of each other, so that a read of what cannot come fails and says why.
#[derive(Debug)]
pub(crate) struct Watch {
    home: ThreadId,
    /// Whether another thread has used a stream.
    elsewhere: AtomicBool,
    timeout: Duration,
    sent: Mutex<Vec<SentHeaps>>,
}

/// How many heaps a sender has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentHeaps {
    /// Who.
    pub origin: Origin,
    /// How many.
    pub heaps: u64,
    /// Of how many packets together.
    pub packets: u64,
}

impl Watch {
    /// Watches from this thread on; `threads` says that others will use the streams.
    pub(crate) fn new(threads: bool, timeout: Duration) -> Self {
        Self { home: HERE.with(|here| *here), elsewhere: AtomicBool::new(threads), timeout, sent: Mutex::default() }
    }

    /// Notes that this thread uses a stream.
    pub(super) fn touch(&self) {
        if HERE.with(|here| *here) != self.home {
            self.elsewhere.store(true, Ordering::Relaxed);
        }
    }

    /// Notes that a heap is sent.
    pub(super) fn record(&self, origin: Origin, packets: u64) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let at = sent.iter().position(|sender| sender.origin == origin).unwrap_or_else(|| {
            sent.push(SentHeaps { origin, heaps: 0, packets: 0 });
            sent.len() - 1
        });
        sent[at].heaps += 1;
        sent[at].packets += packets;
    }

    /// What each sender has sent, in the order of their first heaps.
    pub(super) fn sent(&self) -> Vec<SentHeaps> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long a read may wait for another thread; not at all if there is none.
    pub(super) fn patience(&self) -> Duration {
        if self.elsewhere.load(Ordering::Relaxed) { self.timeout } else { Duration::ZERO }
    }
}
