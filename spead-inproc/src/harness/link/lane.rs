use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddrV4,
};

use crate::{send::Run, stream::Entry, wire::HeapCnt};

/// Packets of one sender on their way, in order.
#[derive(Debug, Default)]
pub(super) struct Lane {
    waiting: VecDeque<Parcel>,
    /// By how many packets must have gone by first.
    delayed: Vec<(u64, u64, Parcel)>,
    /// Packets that were offered.
    offered: u64,
    held: bool,
    /// Heaps that were begun, and the number of each that may go on.
    heaps: u64,
    numbers: HashMap<HeapCnt, u64>,
}

/// Where packets go behind the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::harness) enum Exit {
    Queue,
    Group(SocketAddrV4),
}

/// An entry with its place among its sender's packets.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) entry: Entry,
    pub(super) sender: usize,
    pub(super) exit: Exit,
    /// Which heap of the sender, counted from 0; nothing for bytes that are of none.
    pub(super) heap: Option<u64>,
    /// Which packet of the heap comes first in the entry.
    pub(super) packet: u32,
    /// When it was offered.
    pub(super) stamp: u64,
    /// The rule that will swap it, once the other one comes.
    pub(super) awaits: Option<u64>,
}

impl Parcel {
    /// An entry that no rule and no script knows by its heap, for the queue.
    pub(super) const fn of_no_heap(sender: usize, entry: Entry) -> Self {
        Self { entry, sender, exit: Exit::Queue, heap: None, packet: 0, stamp: 0, awaits: None }
    }
}

impl Lane {
    /// The number of the heap that these packets are of.
    pub(super) fn number(&mut self, run: &Run) -> u64 {
        if run.range().start == 0 {
            self.numbers.insert(run.cnt(), self.heaps);
            self.heaps += 1;
        }
        self.numbers.get(&run.cnt()).copied().unwrap_or_default()
    }

    /// Appends, and after it what was delayed until now.
    pub(super) fn offer(&mut self, mut parcel: Parcel, stamp: &mut u64) {
        let mut entry = Some(parcel.entry.clone());
        // A run goes by packet by packet if something waits for that.
        while let Some(rest) = entry.take() {
            let (next, rest) = if self.delayed.is_empty() { (rest, None) } else { rest.split_first() };
            let packets = next.len();
            entry = rest;
            parcel.entry = next;
            parcel.stamp = *stamp;
            *stamp += 1;
            self.waiting.push_back(parcel.clone());
            parcel.packet += u32::try_from(packets).unwrap_or(u32::MAX);
            self.offered += packets as u64;
            let due = self.delayed.iter().position(|(until, _, _)| *until > self.offered).unwrap_or(self.delayed.len());
            for (_, _, mut late) in self.delayed.drain(..due) {
                late.stamp = *stamp;
                *stamp += 1;
                self.waiting.push_back(late);
            }
        }
    }

    /// Lets a packet wait until so many others were offered.
    pub(super) fn delay(&mut self, rule: u64, packets: u64, parcel: Parcel) {
        let until = self.offered + packets.max(1);
        let at = self.delayed.partition_point(|(other, _, _)| *other <= until);
        self.delayed.insert(at, (until, rule, parcel));
    }

    /// Puts a packet in the place of the first that this rule lets wait, and gives that one.
    pub(super) fn swap(&mut self, rule: u64, parcel: &Parcel) -> Option<Parcel> {
        let place = self.waiting.iter_mut().find(|waiting| waiting.awaits == Some(rule))?;
        let second = Parcel { stamp: place.stamp, awaits: None, ..parcel.clone() };
        Some(Parcel { awaits: None, ..std::mem::replace(place, second) })
    }

    /// Waits no longer for what a rule, or any, was to bring.
    pub(super) fn give_up(&mut self, rule: Option<u64>) {
        let ended = |of: u64| rule.is_none_or(|rule| rule == of);
        for parcel in &mut self.waiting {
            parcel.awaits = parcel.awaits.filter(|of| !ended(*of));
        }
        let (late, still): (Vec<_>, Vec<_>) = self.delayed.drain(..).partition(|(_, of, _)| ended(*of));
        self.delayed = still;
        let last = self.waiting.back().map_or(0, |parcel| parcel.stamp);
        self.waiting.extend(late.into_iter().map(|(_, _, parcel)| Parcel { stamp: last, ..parcel }));
    }

    pub(super) fn hold(&mut self, held: bool, stamp: &mut u64) {
        if self.held && !held {
            for parcel in &mut self.waiting {
                parcel.stamp = *stamp;
                *stamp += 1;
            }
        }
        self.held = held;
    }

    /// Holds no longer.
    pub(super) const fn release(&mut self) {
        self.held = false;
    }

    pub(super) const fn is_held(&self) -> bool {
        self.held
    }

    /// Packets that wait, for whatever reason.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.iter().map(|parcel| parcel.entry.len()).sum::<usize>() + self.delayed.len()
    }

    /// Packets that could go now; those behind one that waits for another cannot.
    pub(super) fn ready(&self) -> impl Iterator<Item = &Parcel> {
        self.waiting.iter().take_while(|parcel| !self.held && parcel.awaits.is_none())
    }

    /// The next entry.
    pub(super) fn take(&mut self) -> Option<Parcel> {
        self.ready().next()?;
        self.waiting.pop_front()
    }

    /// One packet of the entry in this place.
    pub(super) fn take_packet(&mut self, place: usize, packet: u32) -> Option<Parcel> {
        let parcel = self.waiting.remove(place)?;
        let Entry::Run(run) = &parcel.entry else { return Some(parcel) };
        let (run, at) = (run.clone(), run.range());
        let part = |range| Parcel { entry: Entry::Run(run.slice(range)), ..parcel.clone() };
        if packet + 1 < at.end {
            self.waiting.insert(place, Parcel { packet: packet + 1, ..part(packet + 1..at.end) });
        }
        if at.start < packet {
            self.waiting.insert(place, part(at.start..packet));
        }
        Some(Parcel { packet, ..part(packet..packet + 1) })
    }
}
