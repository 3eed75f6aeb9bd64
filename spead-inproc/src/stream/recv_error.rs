use std::{fmt, time::Duration};

use super::SentHeaps;
use crate::recv::{Count, IncompleteSummary, Ledger, Trace};

/// Why there is no next heap.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RecvError {
    /// The stream has ended and everything was read.
    #[error("the stream has ended")]
    Stopped,
    /// Nothing is queued, and nothing can come.
    #[error("{0}")]
    Starved(Box<Starved>),
}

/// Why a read in a harness can not be answered: what was sent, what arrived, and why the rest did not.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Starved {
    /// How long the read waited for another thread; not at all if there was none.
    pub waited: Duration,
    /// What each sender of the harness had sent.
    pub sent: Vec<SentHeaps>,
    /// The heaps that had arrived in part.
    pub live_heaps: Vec<IncompleteSummary>,
    /// What had become of the packets.
    pub ledger: Ledger,
    /// The packets in the order in which they were read.
    pub trace: Trace,
    /// What became of packets before they could be read, line by line; empty if nothing did.
    pub before: String,
}

impl fmt::Display for Starved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.waited.is_zero() {
            writeln!(
                f,
                "no heap to read: nothing is queued, and no other thread has used a stream of this harness (if one is \
                 about to send: `threads = true` in the attribute, `.threads()` on the builder)"
            )?;
        } else {
            writeln!(f, "no heap to read: nothing came in {:?}", self.waited)?;
        }
        for sender in &self.sent {
            writeln!(
                f,
                "{} sent {} in {}",
                sender.origin,
                Count(sender.heaps, "heap"),
                Count(sender.packets, "packet")
            )?;
        }
        if self.sent.is_empty() {
            writeln!(f, "nothing was sent")?;
        }
        f.write_str(&self.before)?;
        writeln!(f, "read whole: {}", Count(self.ledger.heaps().whole, "heap"))?;
        for heap in &self.live_heaps {
            writeln!(f, "still arriving: {heap}")?;
        }
        for heap in self.ledger.incomplete_heaps() {
            write!(f, "lost: {}", self.ledger.explain(heap.cnt.get()))?;
        }
        for (origin, example, packets) in self.ledger.rejections() {
            writeln!(f, "rejected: {} of {origin}, e.g. {example}", Count(packets, "packet"))?;
        }
        if self.trace.has_trouble() { write!(f, "{}", self.trace) } else { Ok(()) }
    }
}
