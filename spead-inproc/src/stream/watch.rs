use std::{
    any::Any,
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use super::under_way::UnderWay;
use crate::{heap::Origin, recv::PlannedPacket, send::Run, wire::HeapCnt};

thread_local! {
    static HERE: ThreadId = thread::current().id();
}

/// What the streams of one harness know of each other, so that a read of what cannot come fails and says why.
pub(crate) struct Watch {
    home: ThreadId,
    /// Whether another thread has used a stream.
    elsewhere: AtomicBool,
    timeout: Duration,
    /// What the harness wants to find again at its streams.
    attached: Arc<dyn Any + Send + Sync>,
    sent: Mutex<Sent>,
    pub(super) under_way: UnderWay,
    /// What became of packets before they could be read.
    before: OnceLock<Box<dyn Before>>,
}

/// What lies between the senders of a harness and its receivers.
pub(crate) trait Before: Send + Sync {
    /// What became of packets before they could be read, line by line.
    fn tell(&self) -> String;

    /// What a plan did to packets, in order.
    fn planned(&self) -> Vec<PlannedPacket>;
}

/// What was sent, in order. Noting it costs every test; whoever asks works out the rest.
#[derive(Debug, Default)]
struct Sent {
    by_sender: Vec<SentHeaps>,
    /// What was sent last.
    runs: VecDeque<Run>,
    /// Of what was sent before that.
    cnts: Vec<(HeapCnt, Origin)>,
}

/// Runs that are remembered.
const RUNS: usize = 1 << 16;
/// Shared heap cnts that are told.
const SHARED: usize = 100;

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

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch(timeout {:?})", self.timeout)
    }
}

impl Watch {
    /// Watches from this thread on; `threads` says that others will use the streams.
    pub(crate) fn new(threads: bool, timeout: Duration, attached: Arc<dyn Any + Send + Sync>) -> Self {
        let home = HERE.with(|here| *here);
        Self {
            home,
            elsewhere: AtomicBool::new(threads),
            timeout,
            attached,
            sent: Mutex::default(),
            under_way: UnderWay::default(),
            before: OnceLock::new(),
        }
    }

    /// Who is asked what became of packets before they could be read.
    pub(crate) fn ask(&self, before: impl Before + 'static) {
        // Only the first is asked: a harness has one.
        self.before.get_or_init(|| Box::new(before));
    }

    /// What became of packets before they could be read, line by line.
    pub(super) fn told(&self) -> String {
        self.before.get().map(|before| before.tell()).unwrap_or_default()
    }

    /// What a plan did to packets, in order.
    pub(super) fn planned(&self) -> Vec<PlannedPacket> {
        self.before.get().map(|before| before.planned()).unwrap_or_default()
    }

    pub(super) fn attached(&self) -> &Arc<dyn Any + Send + Sync> {
        &self.attached
    }

    /// Notes that this thread uses a stream.
    pub(super) fn touch(&self) {
        if HERE.with(|here| *here) != self.home {
            self.elsewhere.store(true, Ordering::Relaxed);
        }
    }

    /// Notes that other threads will use the streams.
    pub(super) fn expect_others(&self) {
        self.elsewhere.store(true, Ordering::Relaxed);
    }

    /// How long anything may take that waits for somebody else.
    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Notes that a heap is sent.
    pub(super) fn record(&self, run: Run) {
        let (origin, packets) = (run.origin(), run.len() as u64);
        let mut sent = self.sent();
        let Sent { by_sender, runs, cnts } = &mut *sent;
        if runs.len() >= RUNS {
            cnts.extend(runs.pop_front().map(|oldest| (oldest.cnt(), oldest.origin())));
        }
        runs.push_back(run);
        match by_sender.iter_mut().find(|sender| sender.origin == origin) {
            Some(sender) => {
                sender.heaps += 1;
                sender.packets += packets;
            }
            None => by_sender.push(SentHeaps { origin, heaps: 1, packets }),
        }
    }

    /// What a sender has sent, in order.
    pub(super) fn runs(&self, origin: Origin) -> Vec<Run> {
        self.sent().runs.iter().filter(|run| run.origin() == origin).cloned().collect()
    }

    /// What each sender has sent.
    pub(super) fn sent_heaps(&self) -> Vec<SentHeaps> {
        let mut heaps = self.sent().by_sender.clone();
        heaps.sort_unstable_by_key(|sender| sender.origin);
        heaps
    }

    /// The lowest heap cnts that two senders used who meet somewhere, and which, in their order: who sent first may be up to
    /// threads.
    pub(crate) fn shared_cnts(&self, meet: impl Fn(Origin, Origin) -> bool) -> Vec<(HeapCnt, Origin, Origin)> {
        let sent = self.sent();
        if sent.by_sender.len() < 2 {
            return Vec::new();
        }
        let latest = sent.runs.iter().map(|run| (run.cnt(), run.origin()));
        let mut cnts: Vec<_> = sent.cnts.iter().copied().chain(latest).collect();
        cnts.sort_unstable();
        cnts.dedup();
        let of_one = |senders: &[(HeapCnt, Origin)]| {
            let pair = |(at, (cnt, second)): (usize, &(HeapCnt, Origin))| {
                let first = senders[..at].iter().find(|(_, first)| meet(*first, *second))?;
                Some((*cnt, first.1, *second))
            };
            senders.iter().enumerate().filter_map(pair).collect::<Vec<_>>()
        };
        cnts.chunk_by(|(a, _), (b, _)| a == b).flat_map(of_one).take(SHARED).collect()
    }

    /// Waits until the threads of pools have sent what was queued; no longer than anything may take.
    pub(crate) fn await_pools(&self) {
        self.under_way.wait(self.timeout);
    }

    /// How many heaps of each sender were queued, and neither sent nor refused to somebody who heard it.
    pub(crate) fn unsent(&self) -> impl Iterator<Item = (Origin, u64)> {
        self.under_way.unsent().into_iter().filter(|(_, heaps)| *heaps > 0)
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a read may wait for another thread; not at all if there is none.
    pub(super) fn patience(&self) -> Duration {
        if self.elsewhere.load(Ordering::Relaxed) { self.timeout } else { Duration::ZERO }
    }
}
