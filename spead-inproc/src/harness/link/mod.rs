//! The way from senders to the queue: lanes, the faults that befall their packets, and the order in which they are merged.
//!
//! Knows which packet is which heap's of which sender. Must not know what receivers make of it. Invariant: every packet that a
//! sender puts here gets into the queue, waits, or was dropped by a rule that is on record.

mod announcer;
mod ends;
mod lane;
mod picker;
mod rules;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

pub(super) use self::{lane::Exit, rules::lines};

use self::{
    announcer::{Announced, Announcer},
    ends::{LaneSink, LinkedQueue},
    lane::{Lane, Parcel},
    picker::Picker,
    rules::Rules,
};
use super::{
    Act, Descriptors, Done, Faults, Order, Presence, fault::Rule, group::GroupsBehind, order::Step, presence::Passing,
};
use crate::{
    inproc::InprocQueue,
    recv::Count,
    send::Run,
    stream::{AlteredPacket, Entry, PacketSink, PacketSource},
};

/// What lies between the senders of a harness and its queue, if a test wants an order or faults.
#[derive(Debug)]
pub(super) struct Link {
    queue: InprocQueue,
    groups: OnceLock<GroupsBehind>,
    descriptors: Descriptors,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    lanes: Vec<Lane>,
    announcers: Vec<Announcer>,
    picker: Picker,
    rules: Rules,
    /// Packets and heaps in the order in which they were put.
    stamp: u64,
    sums: Sums,
    heaps: Vec<Passing>,
    /// Which packets have passed, in order.
    passed: Vec<Step>,
    /// The last of what has passed: from which sender, and where to.
    tapped: VecDeque<(usize, Exit, Entry)>,
}

/// Entries that taps can see.
const TAPPED: usize = 1 << 16;

/// Packets that have come to the link, and what became of them.
#[derive(Debug, Default)]
struct Sums {
    put: u64,
    added: u64,
    dropped: u64,
    admitted: u64,
}

impl Link {
    pub(super) fn new(
        queue: InprocQueue,
        senders: usize,
        order: &Order,
        faults: Faults,
        descriptors: Descriptors,
    ) -> Arc<Self> {
        let state = State {
            lanes: (0..senders).map(|_| Lane::default()).collect(),
            announcers: (0..senders).map(|_| Announcer::new(&descriptors, senders as u64)).collect(),
            picker: Picker::new(order),
            rules: Rules::new(faults),
            stamp: 0,
            sums: Sums::default(),
            heaps: Vec::new(),
            passed: Vec::new(),
            tapped: VecDeque::new(),
        };
        Arc::new(Self { queue, groups: OnceLock::new(), descriptors, state: Mutex::new(state) })
    }

    /// Lets packets go to groups too.
    pub(super) fn join(&self, groups: GroupsBehind) {
        // A harness has one.
        self.groups.get_or_init(|| groups);
    }

    /// A lane for one more sender, whose cnts are so far apart; its index.
    pub(super) fn add_lane(&self, stride: u64) -> usize {
        let mut state = self.lock();
        state.lanes.push(Lane::default());
        state.announcers.push(Announcer::new(&self.descriptors, stride));
        state.lanes.len() - 1
    }

    /// What becomes of descriptors.
    pub(super) const fn descriptors(&self) -> &Descriptors {
        &self.descriptors
    }

    /// What has passed to the queue, or from a sender.
    pub(super) fn tap(&self, wanted: impl Fn(usize, Exit) -> bool) -> Vec<Entry> {
        let state = self.lock();
        let tapped = state.tapped.iter().filter(|(sender, exit, _)| wanted(*sender, *exit));
        tapped.map(|(_, _, entry)| entry.clone()).collect()
    }

    /// How many senders there are.
    pub(super) fn senders(&self) -> usize {
        self.lock().lanes.len()
    }

    /// Where the sender with this index puts its packets.
    pub(super) fn sink(self: &Arc<Self>, sender: usize, exit: Exit) -> Arc<dyn PacketSink> {
        Arc::new(LaneSink { link: Arc::clone(self), sender, exit })
    }

    /// What a receiver of this queue reads: also what still waits on its way there.
    pub(super) fn source(self: &Arc<Self>, queue: InprocQueue) -> Arc<dyn PacketSource> {
        Arc::new(LinkedQueue { link: Arc::clone(self), queue })
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
        while self.advance(&mut state, true) {}
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
            while self.advance(state, false) {}
        }
        self.queue.wake_readers();
        if let Some(groups) = self.groups.get() {
            groups.wake_readers();
        }
    }

    /// Lets the next packets through, if it is clear which they are.
    fn advance(&self, state: &mut State, ended: bool) -> bool {
        let Some(parcel) = state.picker.pick(&mut state.lanes, ended) else { return false };
        state.pass(&parcel);
        match (parcel.exit, self.groups.get()) {
            (Exit::Group(endpoint), Some(groups)) => groups.deliver(endpoint, parcel.entry),
            _ => self.queue.admit(parcel.entry),
        }
        true
    }

    fn is_stopped(&self, exit: Exit) -> bool {
        match (exit, self.groups.get()) {
            (Exit::Group(_), Some(groups)) => groups.is_stopped(),
            _ => self.queue.is_stopped(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes what goes on.
    fn pass(&mut self, parcel: &Parcel) {
        self.sums.admitted += parcel.entry.len() as u64;
        match parcel.heap {
            Some(heap) => {
                let packets = u32::try_from(parcel.entry.len()).unwrap_or(u32::MAX);
                let packets = parcel.packet..parcel.packet.saturating_add(packets);
                self.passed.extend(packets.map(|packet| Step::from((parcel.sender, heap, packet))));
            }
            None => self.passed.push(Step::next(parcel.sender)),
        }
        if self.tapped.len() >= TAPPED {
            self.tapped.pop_front();
        }
        self.tapped.push_back((parcel.sender, parcel.exit, parcel.entry.clone()));
    }

    fn put(&mut self, sender: usize, exit: Exit, entry: Entry) {
        let Entry::Run(run) = entry else {
            self.sums.put += entry.len() as u64;
            return self.offer(Parcel { exit, ..Parcel::of_no_heap(sender, entry) });
        };
        let heap = self.lanes[sender].number(&run);
        let Announced { heap: going, after } = self.announcers[sender].pass(run.clone());
        match going {
            Some(run) => self.put_heap(sender, exit, heap, run),
            None => {
                let rule = self.announcers[sender].rule();
                self.sums.put += run.len() as u64;
                self.sums.dropped += run.len() as u64;
                self.rules.note(rule, Act::Drop, sender, heap, &run);
            }
        }
        if let Some(descriptors) = after {
            self.sums.added += descriptors.len() as u64;
            self.offer(Parcel { exit, ..Parcel::of_no_heap(sender, Entry::Run(descriptors)) });
        }
    }

    /// Lets the packets of a heap go on, or befall them what the plan says.
    fn put_heap(&mut self, sender: usize, exit: Exit, heap: u64, run: Run) {
        self.sums.put += run.len() as u64;
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
                self.offer(Parcel { exit, heap: Some(heap), packet: at.start, ..Parcel::of_no_heap(sender, entry) });
            }
            if end < at.end {
                self.strike(sender, exit, heap, &run, end);
            }
            at.start = (end + 1).min(at.end).max(end);
            touched &= !at.is_empty();
        }
    }

    fn note(&mut self, sender: usize, heap: u64, run: &Run) {
        let known = self.heaps.iter().rev().take(KNOWN).any(|passing| passing.is(sender, heap));
        if !known {
            self.heaps.push(Passing::new(sender, heap, run.heap().clone()));
        }
    }

    /// Does to a packet what the first rule for it says.
    fn strike(&mut self, sender: usize, exit: Exit, heap: u64, run: &Run, packet: u32) {
        let entry = Entry::Run(run.slice(packet..packet + 1));
        let mut parcel = Parcel { exit, heap: Some(heap), packet, ..Parcel::of_no_heap(sender, entry) };
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
                let foreign = Entry::from(bytes);
                self.offer(Parcel { exit, ..Parcel::of_no_heap(sender, foreign) });
                self.offer(parcel);
            }
            act @ (Act::FlipBit(_) | Act::Corrupt(_) | Act::Truncate(_)) => {
                let whole = parcel.entry.packets().swap_remove(0);
                let bytes = act.damage(&whole);
                if !rules::arrives(&whole, &bytes) {
                    self.lose(sender, heap);
                }
                parcel.entry = Entry::Altered(Box::new(AlteredPacket { bytes, origin: run.origin() }));
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

/// Heaps of a group that may be under way at once and are looked for among the last.
const KNOWN: usize = 64;
