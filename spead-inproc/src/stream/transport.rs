use std::fmt;

use bytes::Bytes;

use super::Waiters;
use crate::{heap::Origin, send::Run};

/// What one call puts into a transport or takes out of it: a packet, or a whole run of packets of one heap.
///
/// To everyone outside it is as if each packet stood there by itself; [`packets`](Self::packets) shows them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Entry {
    /// Packets of one heap, made when they are read.
    Run(Run),
    /// The bytes of one packet, which may be anything, of nobody we know.
    Flat(Bytes),
    /// The bytes of one packet of a sender that is known. Boxed, since there are few of them and queues hold many entries.
    Altered(Box<AlteredPacket>),
}

/// A packet of a sender, with bytes that may no longer be what he sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlteredPacket {
    /// The bytes, which may be anything.
    pub bytes: Bytes,
    /// Who sent the packet.
    pub origin: Origin,
}

impl Entry {
    /// How many packets it stands for.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Run(run) => run.len(),
            Self::Flat(_) | Self::Altered(_) => 1,
        }
    }

    /// Whether it stands for no packet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Who sent it.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        match self {
            Self::Run(run) => run.origin(),
            Self::Flat(_) => Origin::FOREIGN,
            Self::Altered(packet) => packet.origin,
        }
    }

    /// The packets as flat bytes, in order.
    #[must_use]
    pub fn packets(&self) -> Vec<Bytes> {
        match self {
            Self::Run(run) => run.packets().collect(),
            Self::Flat(bytes) => vec![bytes.clone()],
            Self::Altered(packet) => vec![packet.bytes.clone()],
        }
    }

    /// The first packet, and what follows it.
    pub(crate) fn split_first(self) -> (Self, Option<Self>) {
        match self {
            Self::Run(run) if run.len() > 1 => {
                let at = run.range();
                let first = run.slice(at.start..at.start + 1);
                (Self::Run(first), Some(Self::Run(run.slice(at.start + 1..at.end))))
            }
            entry => (entry, None),
        }
    }
}

impl From<Bytes> for Entry {
    fn from(bytes: Bytes) -> Self {
        Self::Flat(bytes)
    }
}

/// Where a [`SendStream`](super::SendStream) puts packets.
///
/// Implement it to send over another transport, or to see or change what a stream sends.
pub trait PacketSink: Send + Sync + fmt::Debug {
    /// Takes an entry, after all that were put before.
    ///
    /// # Errors
    /// [`Refused`] gives the entry back if the sink was stopped.
    fn put(&self, entry: Entry) -> Result<(), Refused>;

    /// Lets nothing more in; what is there can still be taken. Stopping twice is harmless.
    fn stop(&self);
}

/// Where a [`RecvStream`](super::RecvStream) takes packets from.
pub trait PacketSource: Send + Sync + fmt::Debug {
    /// The next entry, without waiting for it.
    fn take(&self) -> Taken;

    /// Takes back what was not used of an entry: it will be the next to be taken.
    fn put_back(&self, rest: Entry);

    /// Who is to be notified when a source that was [`Empty`](Taken::Empty) may no longer be.
    fn waiters(&self) -> &Waiters;
}

/// What a [`PacketSource`] has to give.
#[derive(Debug)]
pub enum Taken {
    /// The next entry.
    Entry(Entry),
    /// Nothing now; perhaps later.
    Empty,
    /// Nothing now, and never again.
    Ended,
}

/// An entry that came back, because the sink was stopped.
#[derive(Debug, thiserror::Error)]
#[error("the sink was stopped: {} packets came back", self.0.len())]
pub struct Refused(pub Entry);
