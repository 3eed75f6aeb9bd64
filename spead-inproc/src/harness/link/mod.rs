//! The way from senders to the queue: lanes, the faults that befall their packets, and the order in which they are merged.
//!
//! Knows which packet is which heap's of which sender. Must not know what receivers make of it. Invariant: every packet that a
//! sender puts here gets into the queue, waits, or was dropped by a rule that is on record.

mod lane;
mod picker;
mod rules;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

pub(super) use self::rules::lines;

use self::{
    lane::{Lane, Parcel},
    picker::Picker,
    rules::Rules,
};
use super::{Act, Done, Faults, Order, Presence, fault::Rule, order::Step, presence::Passing};
use crate::{
    heap::Origin,
    inproc::InprocQueue,
    recv::{Count, PlannedPacket},
    stream::{Before, Entry, PacketSink, PacketSource, Refused, Taken, Waiters},
};

/// What lies between the senders of a harness and its queue, if a test wants an order or faults.
#[derive(Debug)]
pub(super) struct Link {
    queue: InprocQueue,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    lanes: Vec<Lane>,
    picker: Picker,
    rules: Rules,
    /// Packets and heaps in the order in which they were put.
    stamp: u64,
    sums: Sums,
    heaps: Vec<Passing>,
    /// Which packets went into the queue, in order.
    passed: Vec<Step>,
}

/// Packets that have come to the link, and what became of them.
#[derive(Debug, Default)]
struct Sums {
    put: u64,
    added: u64,
    dropped: u64,
    admitted: u64,
}

impl Link {
    pub(super) fn new(queue: InprocQueue, senders: usize, order: &Order, faults: Faults) -> Arc<Self> {
        let state = State {
            lanes: (0..senders).map(|_| Lane::default()).collect(),
            picker: Picker::new(order),
            rules: Rules::new(faults),
            stamp: 0,
            sums: Sums::default(),
            heaps: Vec::new(),
            passed: Vec::new(),
        };
        Arc::new(Self { queue, state: Mutex::new(state) })
    }

    /// Where the sender with this index puts its packets.
    pub(super) fn sink(self: &Arc<Self>, sender: usize) -> Arc<dyn PacketSink> {
        Arc::new(LaneSink { link: Arc::clone(self), sender })
    }

    /// Adds a rule; the number ends it.
    pub(super) fn add_rule(&self, rule: Rule) -> u64 {
        self.lock().rules.add(rule)
    }

    /// Ends a rule: what it holds back goes on.
    pub(super) fn end_rule(&self, id: u64) {
        let mut state = self.lock();
        state.rules.end(id);
        state.lanes.iter_mut().for_each(|lane| lane.give_up(Some(id)));
        self.forward(&mut state);
    }

    /// Lets the packets of a sender wait, or lets those that wait go after what others sent meanwhile.
    pub(super) fn hold(&self, sender: usize, held: bool) {
        let mut state = self.lock();
        let State { lanes, stamp, .. } = &mut *state;
        let Some(lane) = lanes.get_mut(sender) else {
            panic!("no sender {sender}: the harness has {}, counted from 0", lanes.len())
        };
        lane.hold(held, stamp);
        self.forward(&mut state);
    }

    /// What happened so far.
    pub(super) fn done(&self) -> Vec<Done> {
        self.lock().rules.done().to_vec()
    }

    /// Which packets went into the queue so far, in order.
    pub(super) fn passed(&self) -> Vec<Step> {
        self.lock().passed.clone()
    }

    /// Where the choice fell among how many, whenever there was one.
    pub(super) fn choices(&self) -> Vec<(usize, usize)> {
        self.lock().picker.choices()
    }

    /// Which heaps were sent, by the values of two of their items, and which of them can arrive whole.
    pub(super) fn presence(&self, rows: u64, columns: u64) -> Presence {
        Presence::expected(rows, columns, &self.lock().heaps)
    }

    /// Lets everything that still waits into the queue, and checks the books.
    ///
    /// # Panics
    /// If a packet is unaccounted for, which is a bug of this crate.
    pub(super) fn settle(&self) {
        let mut state = self.lock();
        state.lanes.iter_mut().for_each(|lane| lane.give_up(None));
        state.lanes.iter_mut().for_each(Lane::release);
        while state.advance(true, &self.queue) {}
        let Sums { put, added, dropped, admitted } = state.sums;
        assert!(
            put + added == dropped + admitted,
            "bug in spead-inproc: {put} packets were sent and {added} added by the plan, but {dropped} were dropped and {admitted} \
             went into the queue"
        );
    }

    /// What waits, and why, for a read that finds nothing.
    pub(super) fn tell(&self) -> String {
        let state = self.lock();
        let mut text = state.rules.tell();
        for (sender, lane) in state.lanes.iter().enumerate() {
            let packets = Count(lane.waiting() as u64, "packet");
            if lane.waiting() > 0 {
                let why = if lane.is_held() { "its lane is held: call `release`" } else { "the plan delays them" };
                text +=
                    &format!("waiting: {packets} of sender {sender}; {}\n", state.picker.waits_for().unwrap_or(why));
            }
        }
        text
    }

    /// Lets packets into the queue at once, if their order does not depend on what comes later.
    fn forward(&self, state: &mut State) {
        if state.picker.is_as_sent() {
            while state.advance(false, &self.queue) {}
        }
        self.queue.wake_readers();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets the next packets into the queue, if it is clear which they are.
    fn advance(&mut self, ended: bool, queue: &InprocQueue) -> bool {
        let Some(parcel) = self.picker.pick(&mut self.lanes, ended) else { return false };
        self.sums.admitted += parcel.entry.len() as u64;
        match parcel.heap {
            Some(heap) => {
                let packets = u32::try_from(parcel.entry.len()).unwrap_or(u32::MAX);
                let packets = parcel.packet..parcel.packet.saturating_add(packets);
                self.passed.extend(packets.map(|packet| Step::from((parcel.sender, heap, packet))));
            }
            None => self.passed.push(Step::next(parcel.sender)),
        }
        queue.admit(parcel.entry);
        true
    }

    fn put(&mut self, sender: usize, entry: Entry) {
        self.sums.put += entry.len() as u64;
        let Entry::Run(run) = entry else {
            return self.offer(Parcel { entry, sender, heap: None, packet: 0, stamp: 0, awaits: None });
        };
        let heap = self.lanes[sender].number(&run);
        self.note(sender, heap, &run);
        let mut touched = self.rules.may_touch(sender, heap, &run);
        let mut at = run.range();
        while !at.is_empty() {
            // Packets that no rule is for stay together.
            let end =
                if touched { at.clone().find(|packet| self.rules.touches(sender, heap, &run, *packet)) } else { None };
            let end = end.unwrap_or(at.end);
            if end > at.start {
                let entry = Entry::Run(run.slice(at.start..end));
                self.offer(Parcel { entry, sender, heap: Some(heap), packet: at.start, stamp: 0, awaits: None });
            }
            if end < at.end {
                self.strike(sender, heap, &run, end);
            }
            at.start = (end + 1).min(at.end).max(end);
            touched &= !at.is_empty();
        }
    }

    fn note(&mut self, sender: usize, heap: u64, run: &crate::send::Run) {
        let known = self.heaps.iter().rev().take(KNOWN).any(|passing| passing.is(sender, heap));
        if !known {
            self.heaps.push(Passing::new(sender, heap, run.heap().clone()));
        }
    }

    /// Does to a packet what the first rule for it says.
    fn strike(&mut self, sender: usize, heap: u64, run: &crate::send::Run, packet: u32) {
        let entry = Entry::Run(run.slice(packet..packet + 1));
        let mut parcel = Parcel { entry, sender, heap: Some(heap), packet, stamp: 0, awaits: None };
        let Some((id, act, partner)) = self.rules.act(sender, heap, run, packet) else { return self.offer(parcel) };
        match act {
            Act::Drop => {
                self.sums.dropped += 1;
                self.lose(sender, heap);
            }
            Act::Duplicate => {
                self.sums.added += 1;
                self.offer(parcel.clone());
                self.offer(parcel);
            }
            Act::Delay(packets) => self.lanes[sender].delay(id, packets, parcel),
            Act::Swap(_) if partner => {
                if let Some(first) = self.lanes[sender].swap(id, &parcel) {
                    parcel = first;
                }
                self.offer(parcel);
            }
            Act::Swap(_) => {
                parcel.awaits = Some(id);
                self.offer(parcel);
            }
            Act::Inject(bytes) => {
                self.sums.added += 1;
                let foreign = Entry::Flat { bytes, origin: Origin::FOREIGN };
                self.offer(Parcel { entry: foreign, sender, heap: None, packet: 0, stamp: 0, awaits: None });
                self.offer(parcel);
            }
            act @ (Act::FlipBit(_) | Act::Corrupt(_) | Act::Truncate(_)) => {
                let whole = parcel.entry.packets().swap_remove(0);
                let bytes = act.damage(&whole);
                if !rules::arrives(&whole, &bytes) {
                    self.lose(sender, heap);
                }
                parcel.entry = Entry::Flat { bytes, origin: run.origin() };
                self.offer(parcel);
            }
        }
    }

    fn lose(&mut self, sender: usize, heap: u64) {
        if let Some(passing) = self.heaps.iter_mut().rev().find(|passing| passing.is(sender, heap)) {
            passing.lost = true;
        }
    }

    fn offer(&mut self, parcel: Parcel) {
        let Self { lanes, stamp, .. } = self;
        lanes[parcel.sender].offer(parcel, stamp);
    }
}

/// What receivers are told of packets that they cannot know of.
impl Before for Weak<Link> {
    fn tell(&self) -> String {
        self.upgrade().map(|link| link.tell()).unwrap_or_default()
    }

    fn planned(&self) -> Vec<PlannedPacket> {
        let Some(link) = self.upgrade() else { return Vec::new() };
        let state = link.lock();
        state.rules.done().iter().map(Done::planned).collect()
    }
}

/// Heaps of a group that may be under way at once and are looked for among the last.
const KNOWN: usize = 64;

/// The way in for one sender.
#[derive(Debug)]
struct LaneSink {
    link: Arc<Link>,
    sender: usize,
}

impl PacketSink for LaneSink {
    fn put(&self, entry: Entry) -> Result<(), Refused> {
        let mut state = self.link.lock();
        if self.link.queue.is_stopped() {
            return Err(Refused(entry));
        }
        state.put(self.sender, entry);
        self.link.forward(&mut state);
        Ok(())
    }

    fn stop(&self) {
        self.link.queue.stop();
    }
}

/// The queue, and behind it what still waits in the lanes.
impl PacketSource for Link {
    fn take(&self) -> Taken {
        loop {
            let stopped = self.queue.is_stopped();
            let taken = self.queue.take();
            if matches!(taken, Taken::Entry(_)) {
                return taken;
            }
            let mut state = self.lock();
            if stopped {
                state.lanes.iter_mut().for_each(|lane| lane.give_up(None));
            }
            if !state.advance(stopped, &self.queue) {
                // A stop between the two looks is seen at the next call.
                let ended = stopped && matches!(taken, Taken::Ended);
                return if ended { Taken::Ended } else { Taken::Empty };
            }
        }
    }

    fn put_back(&self, rest: Entry) {
        self.queue.put_back(rest);
    }

    fn waiters(&self) -> &Waiters {
        self.queue.waiters()
    }
}
