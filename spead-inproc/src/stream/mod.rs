//! Streams of heaps over any transport.
//!
//! Knows how a [`SendStream`] puts heaps on a [`PacketSink`] and how a [`RecvStream`] pulls them from a [`PacketSource`].
//! Must not know which transport it is. Invariant: nothing runs unless somebody asks; reassembly happens on the thread
//! that asks for a heap, which may be a [`Worker`].

mod buffer;
mod clock;
mod heaps;
mod in_flight;
mod intake;
mod io;
mod log;
mod outbox;
mod queued;
mod rate;
mod reading;
mod record;
mod recv_error;
mod recv_stream;
mod ring;
mod send_stream;
mod transport;
mod under_way;
mod waiters;
mod watch;
mod worker;

pub use buffer::BufferSource;
pub use clock::VirtualClock;
pub use heaps::Heaps;
pub use in_flight::InFlight;
pub use io::{Io, Stepper, ThreadPool, ThreadPoolError};
pub use reading::HeapStream;
pub use recv_error::{RecvError, Starved};
pub use recv_stream::{ReaderError, RecvStream};
pub use ring::{HeapRing, RingError};
pub use send_stream::{GroupMode, SendConfig, SendConfigError, SendError, SendStream, Sent, SentGroup};
pub use transport::{AlteredPacket, Entry, PacketSink, PacketSource, Refused, Taken, TransportError};
pub use waiters::Waiters;
pub use watch::SentHeaps;
pub(crate) use watch::{Before, Watch};
pub use worker::Worker;
