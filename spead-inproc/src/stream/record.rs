use std::collections::VecDeque;

use super::Entry;
use crate::recv::{Event, Trace};

/// What a stream gave out and what it read, for a harness.
#[derive(Debug, Default)]
pub(super) struct Record {
    events: Vec<Event>,
    /// Of those, how many somebody has taken.
    taken: usize,
    trace: Trace,
    entries: VecDeque<Entry>,
}

/// Entries that are kept.
const ENTRIES: usize = 1 << 16;

impl Record {
    /// Keeps what is given out.
    pub(super) fn give(&mut self, event: &Event) {
        self.events.push(event.clone());
    }

    /// Keeps an entry that is about to be read.
    pub(super) fn read(&mut self, entry: Entry) -> &mut Trace {
        if self.entries.len() >= ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        &mut self.trace
    }

    /// What was given out before the last call of this method, and since.
    pub(super) fn take(&mut self) -> (Vec<Event>, Vec<Event>) {
        let (before, since) = self.events.split_at(self.taken);
        self.taken = self.events.len();
        (before.to_vec(), since.to_vec())
    }

    /// The last entries that were read.
    pub(super) fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }

    /// The last packets that were read.
    pub(super) const fn trace(&self) -> &Trace {
        &self.trace
    }
}
