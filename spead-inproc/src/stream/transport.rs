use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;

use super::Waiters;
use crate::{heap::Origin, recv::Count, send::Run};

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
///
/// ```
/// use std::{io::Write, sync::{Arc, Mutex}};
/// use spead_inproc::{Flavour, Heap, SendConfig, SendError, SendStream, heap::Origin};
/// use spead_inproc::stream::{Entry, PacketSink, Refused};
///
/// /// Writes packets back to back, as `add_buffer_reader` reads them. A socket would be given one packet a call.
/// #[derive(Debug)]
/// struct Capture<W>(Mutex<W>);
///
/// impl<W: Write + Send + std::fmt::Debug> PacketSink for Capture<W> {
///     fn put(&self, entry: Entry) -> Result<(), Refused> {
///         let mut file = self.0.lock().unwrap();
///         let written = entry.packets().iter().try_for_each(|packet| file.write_all(packet));
///         written.map_err(|error| Refused::failed(entry, error))
///     }
///
///     fn stop(&self) {}
/// }
///
/// let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![0; 4000]).build()?;
/// let file = Arc::new(Capture(Mutex::new(Vec::new())));
/// let tx = SendStream::over([file.clone() as _], SendConfig::default(), Origin::sender(0))?;
/// let sent = tx.send_heap(&heap)?;
/// assert_eq!(file.0.lock().unwrap().len() as u64, sent.bytes);
///
/// let full = Arc::new(Capture(Mutex::new(std::io::Cursor::new([0_u8; 2000]))));
/// let tx = SendStream::over([full as _], SendConfig::default(), Origin::sender(0))?;
/// assert!(matches!(tx.send_heap(&heap), Err(SendError::Transport { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait PacketSink: Send + Sync + fmt::Debug {
    /// Takes an entry, after all that were put before.
    ///
    /// # Errors
    /// [`Refused`] gives the entry back if the sink was stopped, or could not send it.
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
#[non_exhaustive]
pub enum Taken {
    /// The next entry.
    Entry(Entry),
    /// Nothing now; perhaps later.
    Empty,
    /// Nothing now, and never again.
    Ended,
}

/// An entry that came back: the sink was stopped, or could not send it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} came back: {}", Count(self.entry.len() as u64, "packet"), self.reason())]
#[non_exhaustive]
pub struct Refused {
    /// What was not sent; of an entry of several packets, those that are left.
    pub entry: Entry,
    /// Why, if it was not that the sink was stopped.
    #[source]
    pub cause: Option<TransportError>,
}

impl Refused {
    /// By a sink that was stopped.
    #[must_use]
    pub const fn stopped(entry: Entry) -> Self {
        Self { entry, cause: None }
    }

    /// By a sink that could not send it.
    #[must_use]
    pub fn failed(entry: Entry, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { entry, cause: Some(TransportError(Arc::from(cause.into()))) }
    }

    fn reason(&self) -> String {
        self.cause.as_ref().map_or_else(|| "the sink was stopped".to_owned(), TransportError::to_string)
    }
}

/// Why a sink could not send: the error of its own, shared by all who hear of it. Equal to its own clones alone.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct TransportError(Arc<dyn Error + Send + Sync>);

impl PartialEq for TransportError {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
