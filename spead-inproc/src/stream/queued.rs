//! Sending by way of the outbox: heaps wait there for whoever does the sending.

use std::sync::Arc;

use futures_channel::oneshot;

use super::{
    GroupMode, InFlight, Io, SendError, SendStream, Sent, SentGroup,
    clock::Clock,
    io::Place,
    outbox::{Job, Line, Pace, Unfinished},
    under_way::Pass,
};
use crate::{send::HeapReference, sync::block_on};

impl SendStream {
    /// A stream like this one that does its work elsewhere; nothing that this one has queued goes with it.
    ///
    /// ```
    /// use spead_inproc::{InprocQueue, SendConfig, SendStream, stream::Stepper};
    ///
    /// let stepper = Stepper::new();
    /// let tx = SendStream::new(&InprocQueue::new(), SendConfig::default())?.with_io(&stepper);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_io(self, io: impl Into<Io>) -> Self {
        let io = io.into();
        let Line { sinks, config, .. } = &*self.line;
        let direct = matches!(io.0, Place::Caller(_)) && config.rate == 0.0;
        let line = Line::new(sinks.clone(), *config, direct);
        line.outbox().cnts = self.line.outbox().cnts;
        if let (Some(watch), Place::Pool(_)) = (&self.watch, &io.0) {
            watch.expect_others();
        }
        Self { line: Arc::new(line), io, ..self }
    }

    /// Sends a heap; for code that is async. The heap is queued, in order, when this returns; the future borrows nothing,
    /// and dropping it takes nothing back. On the caller's thread this waits itself if the rate asks for it: with a rate,
    /// a [`ThreadPool`](super::ThreadPool) is the better place.
    ///
    /// ```
    /// use futures_lite::future::block_on;
    /// use spead_inproc::{Flavour, Heap, InprocQueue, SendConfig, SendError, SendStream, stream::Stepper};
    ///
    /// let (stepper, queue) = (Stepper::new(), InprocQueue::new());
    /// let tx = SendStream::new(&queue, SendConfig { max_heaps: 1, ..SendConfig::default() })?.with_io(&stepper);
    /// let heap = Heap::start_of_stream(Flavour::SPEAD_64_48);
    /// let first = tx.send_heap_async(&heap);
    /// let second = block_on(tx.send_heap_async(&heap));
    /// assert!(matches!(second, Err(SendError::Full { max_heaps: 1, in_flight: 1, .. })));
    /// stepper.run_until_idle();
    /// assert_eq!(block_on(first)?.cnt, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Resolves to an error as [`send_heap`](Self::send_heap) does: at once if the heap was not even queued.
    pub fn send_heap_async<'h>(&self, heap: impl Into<HeapReference<'h>>) -> InFlight<Sent> {
        let heap = heap.into();
        if self.sends_at_once() && heap.rate.is_none() {
            return InFlight::done(self.send_heap(heap));
        }
        self.submit(&[heap], GroupMode::Serial).map(single)
    }

    /// Sends several heaps as one; for code that is async.
    ///
    /// Resolves to an error as [`send_heaps`](Self::send_heaps) does: at once if the heaps were not even queued.
    pub fn send_heaps_async(&self, heaps: &[HeapReference<'_>], mode: GroupMode) -> InFlight<SentGroup> {
        if self.sends_at_once() && heaps.iter().all(|heap| heap.rate.is_none()) {
            return InFlight::done(self.send_heaps(heaps, mode));
        }
        if heaps.is_empty() {
            return InFlight::done(Err(SendError::EmptyGroup));
        }
        self.submit(heaps, mode)
    }

    /// Waits until what was queued before is sent; how that went is for those to know who queued it.
    ///
    /// # Errors
    /// [`SendError::Abandoned`] if whoever does the sending is gone.
    pub fn flush(&self) -> Result<(), SendError> {
        let mark = self.flush_async();
        self.wait(mark)
    }

    /// The same for code that is async: resolves when what was queued before this call is sent.
    pub fn flush_async(&self) -> InFlight<()> {
        if self.sends_at_once() {
            return InFlight::done(Ok(()));
        }
        self.submit(&[], GroupMode::Serial).map(|_| ())
    }

    /// Heaps that are queued or being sent.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.line.outbox().in_flight
    }

    pub(super) fn send_queued(&self, heaps: &[HeapReference<'_>], mode: GroupMode) -> Result<SentGroup, SendError> {
        self.wait(self.submit(heaps, mode))
    }

    pub(super) fn send_one_queued(&self, heap: HeapReference<'_>) -> Result<Sent, SendError> {
        self.send_queued(&[heap], GroupMode::Serial).map(single)
    }

    fn sends_at_once(&self) -> bool {
        self.line.outbox().direct
    }

    /// Queues heaps, and sees to it that somebody sends them.
    fn submit(&self, heaps: &[HeapReference<'_>], mode: GroupMode) -> InFlight<SentGroup> {
        self.touch();
        let mut outbox = self.line.outbox();
        let (parts, after) = match self.cut_all(heaps, &outbox) {
            Ok(cut) => cut,
            Err(error) => return InFlight::done(Err(error)),
        };
        let sent = SentGroup::of(&parts);
        let (done, ticket) = oneshot::channel();
        (outbox.cnts, outbox.direct) = (after, false);
        outbox.in_flight += heaps.len();
        let alone = matches!(&self.io.0, Place::Pool(pool) if pool.0.clock.is_real());
        let pass = self.watch.clone().map(|watch| Pass::new(watch, self.origin, heaps.len(), alone));
        outbox.jobs.push_back(Job { parts, mode, done, pass, lease: self.lease.clone() });
        let driven = match self.io.0 {
            Place::Caller(_) => true,
            Place::Pool(_) | Place::Stepped(_) => std::mem::replace(&mut outbox.driven, true),
        };
        drop(outbox);
        if !driven {
            self.spawn();
        }
        let packets = sent.packets;
        let patience = self.watch.as_ref().map(|watch| watch.timeout());
        let mut in_flight = InFlight::queued(sent, packets, ticket, patience);
        if let Place::Caller(clock) = &self.io.0 {
            self.drive_here(clock, &mut in_flight);
        }
        in_flight
    }

    fn spawn(&self) {
        let line = Arc::clone(&self.line);
        match &self.io.0 {
            Place::Caller(_) => {}
            Place::Pool(pool) => {
                let pace = Pace::Pool(Arc::clone(&pool.0));
                pool.0.executor.spawn(async move { line.drive(&pace).await }).detach();
            }
            Place::Stepped(stepper) => {
                let pace = Pace::Stepped(Clock::Virtual(stepper.clock.clone()), Arc::clone(&stepper.packets));
                stepper.executor.spawn(async move { line.drive(&pace).await }).detach();
            }
        }
    }

    /// Works on the jobs until this one is done; they are in order, so what others queued before is sent too.
    fn drive_here<T>(&self, clock: &Clock, until: &mut InFlight<T>) {
        let pace = Pace::Here(clock.clone());
        let _turn = self.line.turn();
        let guard = Unfinished::new(&self.line);
        while !until.resolve() {
            // It waits by holding the thread, and is done when it returns.
            block_on(self.line.drive_one(&pace, &mut true), None);
        }
        guard.finish();
    }

    fn wait<T>(&self, mut in_flight: InFlight<T>) -> Result<T, SendError> {
        if let Place::Stepped(stepper) = &self.io.0 {
            while !in_flight.resolve() && stepper.step() {}
        }
        block_on(in_flight, None).expect("without a limit it waits to the end")
    }
}

fn single(group: SentGroup) -> Sent {
    Sent { cnt: group.cnts[0], packets: group.packets, bytes: group.bytes }
}
