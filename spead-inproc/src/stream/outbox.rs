//! What a stream has still to send, and how it is sent: in order, one call after the other.

use std::{
    any::Any,
    collections::VecDeque,
    mem,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_channel::oneshot::Sender;
use futures_lite::future::yield_now;

use super::{
    Entry, GroupMode, PacketSink, Refused, SendConfig, SendError, TransportError, clock::Clock, io::Threads,
    rate::Limiter, under_way::Pass,
};
use crate::{
    send::{CntSequence, Run},
    sync::{Mutex, MutexGuard},
};

/// The heaps of a stream that are under way.
#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) cnts: CntSequence,
    /// Whether a heap without a rate of its own may go to the transport at once: nothing is queued, nothing ever waits.
    pub(super) direct: bool,
    pub(super) in_flight: usize,
    pub(super) jobs: VecDeque<Job>,
    /// Whether somebody works on the jobs.
    pub(super) driven: bool,
    /// Whether there has been nothing to send.
    idle: bool,
}

/// One call: its heaps, which are sent as one. Without heaps it is a mark that a flush waits for.
pub(super) struct Job {
    pub(super) parts: Vec<Part>,
    pub(super) mode: GroupMode,
    pub(super) done: Sender<Unsent>,
    /// In a harness: what says that they are under way.
    pub(super) pass: Option<Pass>,
    /// What must live until the heaps are sent.
    pub(super) lease: Option<Arc<dyn Any + Send + Sync>>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Job({} heaps)", self.parts.len())
    }
}

#[derive(Debug)]
pub(super) struct Part {
    pub(super) substream: usize,
    pub(super) run: Run,
    /// Bytes a second; 0 is no limit.
    pub(super) rate: f64,
}

impl Outbox {
    pub(super) fn new(direct: bool) -> Self {
        Self { cnts: CntSequence::default(), direct, in_flight: 0, jobs: VecDeque::new(), driven: false, idle: true }
    }
}

/// The part of a stream that outlives its handles until all is sent.
pub(super) struct Line {
    pub(super) sinks: Box<[Arc<dyn PacketSink>]>,
    pub(super) config: SendConfig,
    /// Held for a whole call that goes to the transport at once: calls are not interleaved.
    pub(super) outbox: Mutex<Outbox>,
    limiter: Mutex<Limiter>,
    /// Held by the caller that works on the jobs.
    turn: Mutex<()>,
}

/// How somebody works on jobs.
pub(super) enum Pace {
    /// Holding the thread.
    Here(Clock),
    /// On threads that others use too, and which live until all is sent.
    Pool(Arc<Threads>),
    /// Packet by packet, counted here.
    Stepped(Clock, Arc<AtomicU64>),
}

impl Line {
    pub(super) fn new(sinks: Box<[Arc<dyn PacketSink>]>, config: SendConfig, direct: bool) -> Self {
        let outbox = Mutex::new(Outbox::new(direct));
        Self { sinks, config, outbox, limiter: Mutex::default(), turn: Mutex::default() }
    }

    pub(super) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held by the one thread that works on the jobs, where callers do that.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the jobs until there are none.
    pub(super) async fn drive(&self, pace: &Pace) {
        let guard = Unfinished::new(self);
        let mut first = true;
        while self.drive_one(pace, &mut first).await {
            if let Pace::Pool(_) = pace {
                yield_now().await;
            }
        }
        guard.finish();
    }

    /// Works on the job that is next, if there is one; `first` until a packet was put.
    pub(super) async fn drive_one(&self, pace: &Pace, first: &mut bool) -> bool {
        let Some(Job { parts, mode, done, pass, lease }) = self.next_job(pace.clock()) else { return false };
        if let Some(pass) = &pass {
            parts.iter().for_each(|Part { run, .. }| pass.watch.record(run.clone()));
        }
        let heaps = parts.len();
        let unsent = self.send(parts, mode, pace, first).await;
        self.outbox().in_flight -= heaps;
        // Nobody may care any more, unless something is lost.
        let whole = unsent.packets == 0;
        let heard = done.send(unsent).is_ok();
        if let Some(pass) = pass.filter(|_| whole || heard) {
            pass.settle();
        }
        drop(lease);
        true
    }

    fn next_job(&self, clock: &Clock) -> Option<Job> {
        let mut outbox = self.outbox();
        let job = outbox.jobs.pop_front();
        match &job {
            None => (outbox.driven, outbox.idle) = (false, true),
            Some(_) if mem::take(&mut outbox.idle) => self.limiter().resume(clock.now()),
            Some(_) => {}
        }
        job
    }

    async fn send(&self, parts: Vec<Part>, mode: GroupMode, pace: &Pace, first: &mut bool) -> Unsent {
        let limited = self.limiter().owes() || parts.iter().any(|part| part.rate > 0.0);
        if let (Pace::Pool(_) | Pace::Here(_), false) = (pace, limited) {
            let bytes = parts.iter().map(|part| part.run.bytes()).sum();
            self.limiter().count(bytes, 0.0);
            return put_all(&self.sinks, parts, mode);
        }
        let mut unsent = Unsent::default();
        for (part, run) in packets(&parts, mode) {
            if let (Pace::Stepped(..), false) = (pace, *first) {
                yield_now().await;
            }
            let due = self.limiter().due(pace.clock().now(), self.config.burst_size, self.config.burst_rate_ratio);
            if let Some(until) = due {
                pace.wait(until).await;
            }
            *first = false;
            self.limiter().count(run.bytes(), part.rate);
            unsent.add(put(&self.sinks, part.substream, run));
            if let Pace::Stepped(_, packets) = pace {
                packets.fetch_add(1, Ordering::SeqCst);
            }
        }
        unsent
    }

    fn limiter(&self) -> MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    fn clock(&self) -> &Clock {
        match self {
            Self::Here(clock) | Self::Stepped(clock, _) => clock,
            Self::Pool(threads) => &threads.clock,
        }
    }

    async fn wait(&self, until: std::time::Duration) {
        match self {
            Self::Here(clock) => clock.wait(until),
            Self::Pool(_) | Self::Stepped(..) => self.clock().sleep(until).await,
        }
    }
}

/// Whoever works on jobs and does not come to the end, because a sink panicked or the executor is gone, leaves a stream
/// that can be used: what was queued has failed.
pub(super) struct Unfinished<'l> {
    line: &'l Line,
    finished: bool,
}

impl<'l> Unfinished<'l> {
    pub(super) const fn new(line: &'l Line) -> Self {
        Self { line, finished: false }
    }

    /// It came to the end.
    pub(super) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let mut outbox = self.line.outbox();
        (outbox.driven, outbox.idle, outbox.in_flight) = (false, true, 0);
        let lost = mem::take(&mut outbox.jobs);
        drop(outbox);
        drop(lost);
    }
}

/// What was refused of a call.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    packets: u64,
    /// The first cause that was not a stop.
    cause: Option<TransportError>,
}

impl Unsent {
    fn add(&mut self, put: Result<(), Refused>) {
        if let Err(Refused { entry, cause }) = put {
            self.packets += entry.len() as u64;
            self.cause = self.cause.take().or(cause);
        }
    }

    /// What the caller hears of a call of so many packets.
    pub(super) fn outcome(self, packets: u64) -> Result<(), SendError> {
        match self {
            Self { packets: 0, .. } => Ok(()),
            Self { packets: refused, cause: None } => Err(SendError::Stopped { packets, refused }),
            Self { packets: refused, cause: Some(cause) } => Err(SendError::Transport { packets, refused, cause }),
        }
    }
}

impl From<Refused> for Unsent {
    fn from(refused: Refused) -> Self {
        let mut unsent = Self::default();
        unsent.add(Err(refused));
        unsent
    }
}

/// Puts everything, also after a refusal: other substreams may still be open.
pub(super) fn put_all(sinks: &[Arc<dyn PacketSink>], parts: Vec<Part>, mode: GroupMode) -> Unsent {
    let mut unsent = Unsent::default();
    match mode {
        GroupMode::Serial => parts.into_iter().for_each(|part| unsent.add(put(sinks, part.substream, part.run))),
        GroupMode::RoundRobin => in_turn(&parts).for_each(|(part, run)| unsent.add(put(sinks, part.substream, run))),
    }
    unsent
}

fn put(sinks: &[Arc<dyn PacketSink>], substream: usize, run: Run) -> Result<(), Refused> {
    sinks[substream].put(Entry::Run(run))
}

/// All packets, one by one.
fn packets(parts: &[Part], mode: GroupMode) -> Box<dyn Iterator<Item = (&Part, Run)> + Send + '_> {
    match mode {
        GroupMode::Serial => Box::new(
            parts
                .iter()
                .flat_map(|part| part.run.range().map(move |packet| (part, part.run.slice(packet..packet + 1)))),
        ),
        GroupMode::RoundRobin => Box::new(in_turn(parts)),
    }
}

/// The packets of all heaps, one of each in turn.
fn in_turn(parts: &[Part]) -> impl Iterator<Item = (&Part, Run)> + Send {
    let longest = parts.iter().map(|part| part.run.range().end).max().unwrap_or(0);
    (0..longest).flat_map(move |packet| {
        let has_more = move |part: &&Part| packet < part.run.range().end;
        parts.iter().filter(has_more).map(move |part| (part, part.run.slice(packet..packet + 1)))
    })
}
