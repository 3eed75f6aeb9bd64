use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use crate::{heap::Origin, wire::HeapCnt};

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
    sent: Mutex<Vec<SentHeap>>,
}

/// A heap that a stream of the harness has sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SentHeap {
    pub(crate) origin: Origin,
    pub(crate) cnt: HeapCnt,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
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

    pub(super) fn record(&self, heap: SentHeap) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(heap);
    }

    /// What the streams have sent, in order.
    pub(crate) fn sent(&self) -> Vec<SentHeap> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long a read may wait for another thread; not at all if there is none.
    pub(super) fn patience(&self) -> Duration {
        if self.elsewhere.load(Ordering::Relaxed) { self.timeout } else { Duration::ZERO }
    }

    /// How long any read may wait.
    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }
}
