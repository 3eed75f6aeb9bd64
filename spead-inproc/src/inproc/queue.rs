use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, PoisonError},
};

use bytes::Bytes;
use crossbeam_utils::CachePadded;

use crate::{
    heap::Origin,
    recv::Count,
    stream::{Entry, PacketSink, PacketSource, Refused, Taken, Waiters},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
        channel::{Receiver, Sender, unbounded},
        thread,
    },
};

/// An unbounded queue of packets in memory, in place of a network (spead2 `common_inproc.h`).
///
/// Packet boundaries are kept, and so is the order in which one sender sends. Many may send, many may receive, in any
/// thread; a receiver may come long after the data. A cheap handle: clones are the same queue.
///
/// ```
/// use spead_inproc::InprocQueue;
///
/// let queue = InprocQueue::new();
/// queue.add_packet(vec![0x53, 4])?;
/// queue.stop();
/// assert_eq!(queue.len(), 1); // what is queued can still be read
/// assert_eq!(queue.add_packet("late").unwrap_err().packet, "late");
/// # Ok::<(), spead_inproc::QueueStopped>(())
/// ```
#[derive(Clone)]
pub struct InprocQueue {
    shared: Arc<Shared>,
}

struct Shared {
    sender: Sender<Entry>,
    receiver: Receiver<Entry>,
    /// What a receiver gave back, to be taken first.
    returned: Mutex<VecDeque<Entry>>,
    has_returned: AtomicBool,
    /// Packets that were ever put, and whether the queue was stopped ([`STOPPED`]): in one number, so that no put can
    /// come between a stop and its effect. Padded, as `taken` is: senders write the one and readers the other.
    put: CachePadded<AtomicU64>,
    /// Packets that were taken and not given back.
    taken: CachePadded<AtomicU64>,
    senders: AtomicU32,
    waiters: Waiters,
}

/// Set in the count of packets when the queue is stopped.
const STOPPED: u64 = 1 << 63;

impl InprocQueue {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        let (sender, receiver) = unbounded();
        let shared = Shared {
            sender,
            receiver,
            returned: Mutex::default(),
            has_returned: AtomicBool::new(false),
            put: CachePadded::default(),
            taken: CachePadded::default(),
            senders: AtomicU32::new(0),
            waiters: Waiters::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Adds the bytes of a packet, whatever they are.
    ///
    /// # Errors
    /// [`QueueStopped`] gives the packet back.
    pub fn add_packet(&self, packet: impl Into<Bytes>) -> Result<(), QueueStopped> {
        match self.put(Entry::from(packet.into())) {
            Ok(()) => Ok(()),
            Err(Refused { entry: Entry::Flat(packet), .. }) => Err(QueueStopped { packet }),
            Err(_) => unreachable!("a flat packet was put"),
        }
    }

    /// Lets nothing more in. What is queued can still be read; then readers see the end. Stopping twice is harmless.
    pub fn stop(&self) {
        self.shared.put.fetch_or(STOPPED, Ordering::SeqCst);
        self.shared.waiters.notify_in_order();
    }

    /// Whether the queue was stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.shared.put.load(Ordering::SeqCst) & STOPPED != 0
    }

    /// Packets that are queued.
    #[must_use]
    pub fn len(&self) -> usize {
        let taken = self.shared.taken.load(Ordering::SeqCst);
        usize::try_from(self.packets_put().saturating_sub(taken)).unwrap_or(usize::MAX)
    }

    /// Packets that were ever put into the queue.
    #[must_use]
    pub fn packets_put(&self) -> u64 {
        self.shared.put.load(Ordering::SeqCst) & !STOPPED
    }

    /// Whether no packet is queued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes an entry that was sent before the queue was stopped, but waited elsewhere.
    pub(crate) fn admit(&self, entry: Entry) {
        #[cfg(packet_by_packet)]
        if let Some(packets) = split(&entry) {
            return packets.into_iter().for_each(|(packet, _)| self.admit(packet));
        }
        self.shared.put.fetch_add(entry.len() as u64, Ordering::SeqCst);
        self.shared.sender.send(entry).expect("the queue holds a receiver too");
        self.shared.waiters.notify_in_order();
    }

    /// Lets waiting readers look again: something came that is on its way into the queue.
    pub(crate) fn wake_readers(&self) {
        self.shared.waiters.notify_in_order();
    }

    /// As whom the next stream that sends into this queue is counted.
    pub(crate) fn next_origin(&self) -> Origin {
        Origin::sender(self.shared.senders.fetch_add(1, Ordering::Relaxed))
    }

    /// Counts an entry that was taken. Nobody waits for that: of a stopped queue no reader is told that it is empty.
    fn count_taken(&self, entry: &Entry) {
        self.shared.taken.fetch_add(entry.len() as u64, Ordering::SeqCst);
    }

    /// The next entry, or why there is none; nothing while one that is counted is on its way, in or out.
    #[inline]
    fn try_take(&self) -> Option<Taken> {
        if self.shared.has_returned.load(Ordering::Acquire) {
            let mut returned = self.shared.returned.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = returned.pop_front();
            self.shared.has_returned.store(!returned.is_empty(), Ordering::Release);
            if let Some(entry) = entry {
                self.count_taken(&entry);
                return Some(Taken::Entry(entry));
            }
        }
        match self.shared.receiver.try_recv().ok() {
            Some(entry) => {
                self.count_taken(&entry);
                Some(Taken::Entry(entry))
            }
            // The queue holds a sender too: there can be no other reason than that it is empty.
            None => {
                let taken = self.shared.taken.load(Ordering::SeqCst);
                match self.shared.put.load(Ordering::SeqCst) {
                    put if put == taken => Some(Taken::Empty),
                    put if put == taken | STOPPED => Some(Taken::Ended),
                    _ => None,
                }
            }
        }
    }
}

impl PacketSink for InprocQueue {
    fn put(&self, entry: Entry) -> Result<(), Refused> {
        #[cfg(packet_by_packet)]
        if let Some(packets) = split(&entry) {
            return packets
                .into_iter()
                .try_for_each(|(packet, rest)| self.put(packet).map_err(|_| Refused::stopped(rest)));
        }
        let packets = entry.len() as u64;
        let count = |put: u64| (put & STOPPED == 0).then(|| put + packets);
        if self.shared.put.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count).is_err() {
            return Err(Refused::stopped(entry));
        }
        // The queue holds a receiver too, so this cannot fail.
        self.shared.sender.send(entry).map_err(|refused| Refused::stopped(refused.0))?;
        self.shared.waiters.notify_in_order();
        Ok(())
    }

    fn stop(&self) {
        Self::stop(self);
    }
}

impl PacketSource for InprocQueue {
    fn take(&self) -> Taken {
        loop {
            match self.try_take() {
                Some(taken) => return taken,
                None => thread::yield_now(),
            }
        }
    }

    fn put_back(&self, rest: Entry) {
        self.shared.taken.fetch_sub(rest.len() as u64, Ordering::SeqCst);
        let mut returned = self.shared.returned.lock().unwrap_or_else(PoisonError::into_inner);
        returned.push_front(rest);
        self.shared.has_returned.store(true, Ordering::Release);
        drop(returned);
        self.shared.waiters.notify_in_order();
    }

    fn waiters(&self) -> &Waiters {
        &self.shared.waiters
    }
}

impl Default for InprocQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for InprocQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stopped = if self.is_stopped() { ", stopped" } else { "" };
        write!(f, "InprocQueue({} packets{stopped})", self.len())
    }
}

/// A packet that came back, because the queue was stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the queue was stopped: a packet of {} came back; add packets before `stop()`",
    Count(packet.len() as u64, "byte")
)]
#[non_exhaustive]
pub struct QueueStopped {
    /// The packet.
    pub packet: Bytes,
}

/// The packets of an entry, if there are several, each with the rest of the entry from there on.
///
/// With `--cfg packet_by_packet` every packet lies in the queue by itself, and no test can tell (`.ci/run`).
#[cfg(packet_by_packet)]
fn split(entry: &Entry) -> Option<Vec<(Entry, Entry)>> {
    let Entry::Run(run) = entry else { return None };
    let part = |at| Entry::Run(run.slice(at));
    let at = run.range();
    (run.len() > 1).then(|| at.clone().map(|packet| (part(packet..packet + 1), part(packet..at.end))).collect())
}
