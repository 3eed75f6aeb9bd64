//! The ends of a link: where senders put packets, where receivers take them, and what those are told who find none.

use std::sync::{Arc, Weak};

use super::{Exit, Link};
use crate::{
    harness::Done,
    inproc::InprocQueue,
    recv::PlannedPacket,
    stream::{Before, Entry, PacketSink, PacketSource, Refused, Taken, Waiters},
};

/// The way in for one sender.
#[derive(Debug)]
pub(super) struct LaneSink {
    pub(super) link: Arc<Link>,
    pub(super) sender: usize,
    pub(super) exit: Exit,
}

impl PacketSink for LaneSink {
    fn put(&self, entry: Entry) -> Result<(), Refused> {
        let mut state = self.link.lock();
        if self.link.is_stopped(self.exit) {
            return Err(Refused::stopped(entry));
        }
        state.put(self.sender, self.exit, entry);
        self.link.forward(&mut state);
        Ok(())
    }

    fn stop(&self) {
        match (self.exit, self.link.groups.get()) {
            (Exit::Group(_), Some(groups)) => groups.stop(),
            _ => self.link.queue.stop(),
        }
    }
}

/// A queue, and behind it what still waits in the lanes.
#[derive(Debug)]
pub(super) struct LinkedQueue {
    pub(super) link: Arc<Link>,
    pub(super) queue: InprocQueue,
}

impl PacketSource for LinkedQueue {
    fn take(&self) -> Taken {
        loop {
            let stopped = self.queue.is_stopped();
            let taken = self.queue.take();
            if matches!(taken, Taken::Entry(_)) {
                return taken;
            }
            let mut state = self.link.lock();
            if stopped {
                state.lanes.iter_mut().for_each(|lane| lane.give_up(None));
            }
            if !self.link.advance(&mut state, stopped) {
                // Another reader may have moved packets here since the first look. A stop since then is seen at the next call.
                return match self.queue.take() {
                    Taken::Ended if !stopped => Taken::Empty,
                    taken => taken,
                };
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
