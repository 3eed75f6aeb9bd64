use std::fmt;

use event_listener::{Event, EventListener};

use crate::sync::atomic::{AtomicBool, Ordering, fence};

/// The readers that wait for something to come.
///
/// Every [`PacketSource`](super::PacketSource) has one. Mostly nobody waits, and then [`notify`](Self::notify) costs a
/// memory fence and a load.
#[derive(Default)]
pub struct Waiters {
    event: Event,
    /// Whether somebody may have come to wait since the last notification.
    any: AtomicBool,
}

impl Waiters {
    /// Nobody waits.
    #[must_use]
    pub fn new() -> Self {
        Self { event: Event::new(), any: AtomicBool::new(false) }
    }

    /// Lets all who wait look again: what there is for them to see has been done before.
    pub fn notify(&self) {
        fence(Ordering::SeqCst);
        self.notify_in_order();
    }

    /// As [`notify`](Self::notify), for one whose last change of what waiters look at was `SeqCst`, as their look is.
    ///
    /// Then there is one order of that change, our look at `any`, its store in [`listen`](Self::listen), and the look that
    /// follows that: either we see that somebody listens, or he sees the change.
    #[inline]
    pub(crate) fn notify_in_order(&self) {
        if self.any.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        // Whoever came to listen before this is woken; whoever comes later sets it again, and then looks.
        self.any.store(false, Ordering::SeqCst);
        self.event.notify(usize::MAX);
    }

    /// Waits for a notification from now on. Whoever listens must look again before he sleeps.
    pub(crate) fn listen(&self) -> EventListener {
        let listener = self.event.listen();
        self.any.store(true, Ordering::SeqCst);
        listener
    }
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiters").finish_non_exhaustive()
    }
}
