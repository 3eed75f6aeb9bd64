//! How tests wait for other threads: until something happens, and never for ever.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use spead_inproc::{
    InprocQueue,
    stream::{Entry, PacketSource, Taken, Waiters},
};

/// Far more than anything takes that works.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Does something on a thread of its own, and fails if that does not come to an end.
pub(crate) fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = channel();
    let thread = std::thread::spawn(move || done.send(work()).expect("somebody waits"));
    match result.recv_timeout(LIMIT) {
        Ok(result) => result,
        Err(_) if thread.is_finished() => std::panic::resume_unwind(thread.join().expect_err("it gave no result")),
        Err(_) => panic!("not done in {LIMIT:?}: some thread waits for what never comes"),
    }
}

/// A queue that says when a reader takes something.
#[derive(Debug)]
pub(crate) struct Told {
    queue: InprocQueue,
    tell: Sender<()>,
}

impl Told {
    pub(crate) fn new(queue: &InprocQueue) -> (Self, Listener) {
        let (tell, heard) = channel();
        (Self { queue: queue.clone(), tell }, Listener(heard))
    }
}

impl PacketSource for Told {
    fn take(&self) -> Taken {
        let taken = self.queue.take();
        if let Taken::Entry(_) = taken {
            // Nobody may listen any more.
            self.tell.send(()).ok();
        }
        taken
    }

    fn put_back(&self, rest: Entry) {
        self.queue.put_back(rest);
    }

    fn waiters(&self) -> &Waiters {
        self.queue.waiters()
    }
}

/// Hears of what readers do.
#[derive(Debug)]
pub(crate) struct Listener(Receiver<()>);

impl Listener {
    /// Waits until a reader has taken so many entries more.
    pub(crate) fn taken(&self, entries: usize) {
        for entry in 1..=entries {
            self.0.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("no reader took entry {entry} in {LIMIT:?}"));
        }
    }
}
