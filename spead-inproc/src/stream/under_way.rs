//! What the streams of a harness have queued and not sent yet.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::Watch;
use crate::heap::Origin;

/// Heaps that were queued, by what became of them since.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    heaps: Mutex<Heaps>,
    sent: Condvar,
}

#[derive(Debug, Default)]
struct Heaps {
    /// Not sent yet.
    queued: BTreeMap<Origin, u64>,
    /// How many of those threads will send that nobody has to ask.
    on_their_way: u64,
    /// Not sent, or not whole, without a word to anybody.
    lost: BTreeMap<Origin, u64>,
}

impl UnderWay {
    /// Waits until all is sent that is sent without anybody's help, but no longer than this.
    pub(super) fn wait(&self, most: Duration) {
        let waited = self.sent.wait_timeout_while(self.lock(), most, |heaps| heaps.on_their_way > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// How many heaps of each sender were queued, and are neither sent nor refused to somebody who heard it.
    pub(super) fn unsent(&self) -> BTreeMap<Origin, u64> {
        let heaps = self.lock();
        let mut unsent = heaps.lost.clone();
        heaps.queued.iter().for_each(|(origin, heaps)| *unsent.entry(*origin).or_default() += heaps);
        unsent
    }

    fn lock(&self) -> MutexGuard<'_, Heaps> {
        self.heaps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The heaps of one call, until it is known what became of them. Dropped before that, they are lost.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) watch: Arc<Watch>,
    origin: Origin,
    heaps: u64,
    /// Whether threads send them that nobody has to ask.
    alone: bool,
    lost: bool,
}

impl Pass {
    pub(super) fn new(watch: Arc<Watch>, origin: Origin, heaps: usize, alone: bool) -> Self {
        let heaps = heaps as u64;
        let mut all = watch.under_way.lock();
        *all.queued.entry(origin).or_default() += heaps;
        all.on_their_way += if alone { heaps } else { 0 };
        drop(all);
        Self { watch, origin, heaps, alone, lost: true }
    }

    /// They were sent, or somebody has heard that they were not.
    pub(super) fn settle(mut self) {
        self.lost = false;
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut all = self.watch.under_way.lock();
        all.queued.entry(self.origin).and_modify(|heaps| *heaps -= self.heaps);
        if self.lost {
            *all.lost.entry(self.origin).or_default() += self.heaps;
        }
        if self.alone {
            all.on_their_way -= self.heaps;
            self.watch.under_way.sent.notify_all();
        }
    }
}
