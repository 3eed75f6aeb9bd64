use std::{
    any::Any,
    fmt,
    future::{Ready, ready},
    sync::{Arc, Mutex, PoisonError},
};

use super::{Entry, PacketSink, Refused, Watch};
use crate::{
    heap::Origin,
    send::{CntSequence, HeapReference, PacketizeError, Run, ZeroStep},
    wire::{HeapCnt, HeapCntError},
};

/// How heaps are sent: spead2's settings, with its names and defaults (`send_stream_config.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendConfig {
    /// Bytes of the largest packet, header included; rounded down to a multiple of 8. Default 1472.
    pub max_packet_size: usize,
    /// Heaps that may be under way at once, which bounds the size of a group. Default 4.
    pub max_heaps: usize,
}

impl Default for SendConfig {
    fn default() -> Self {
        Self { max_packet_size: 1472, max_heaps: 4 }
    }
}

/// Send settings that cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendConfigError {
    /// No heap could ever be sent.
    #[error("max_heaps 0 lets no heap be sent: use at least 1")]
    NoHeaps,
    /// There is nowhere to send to.
    #[error("a stream needs at least one queue to send to")]
    NoSubstreams,
}

/// In which order the packets of a group of heaps are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupMode {
    /// All packets of the first heap, then those of the second, and so on.
    #[default]
    Serial,
    /// One packet of each heap in turn; a heap that has no more is passed over.
    RoundRobin,
}

/// Sends heaps: cuts them into packets and puts those on a transport.
///
/// A cheap handle: clones are the same stream. Nothing is copied: a packet is a small header and references to the heap's
/// own memory.
///
/// ```
/// use spead_inproc::{Flavour, Heap, InprocQueue, SendConfig, SendStream};
///
/// let queue = InprocQueue::new();
/// let tx = SendStream::new(&queue, SendConfig::default())?;
/// let sent = tx.send_heap(&Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![0; 8192]).build()?)?;
/// assert_eq!((sent.packets, queue.len()), (6, 6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SendStream {
    inner: Arc<Inner>,
    watch: Option<Arc<Watch>>,
    /// Dropped with the last handle.
    _lease: Option<Arc<dyn Any + Send + Sync>>,
}

struct Inner {
    sinks: Box<[Arc<dyn PacketSink>]>,
    config: SendConfig,
    origin: Origin,
    /// Held for a whole call: calls are not interleaved.
    cnts: Mutex<CntSequence>,
}

/// A heap that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// Its heap cnt.
    pub cnt: HeapCnt,
    /// How many packets it made.
    pub packets: u64,
    /// Bytes of the packets, headers included.
    pub bytes: u64,
}

/// A group of heaps that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentGroup {
    /// The heap cnts, in the order of the group.
    pub cnts: Vec<HeapCnt>,
    /// How many packets the heaps made.
    pub packets: u64,
    /// Bytes of the packets, headers included.
    pub bytes: u64,
}

impl SendStream {
    /// A stream with one substream for each sink.
    ///
    /// # Errors
    /// [`SendConfigError`] if there is no sink, or the settings cannot work.
    pub fn over(
        sinks: impl IntoIterator<Item = Arc<dyn PacketSink>>,
        config: SendConfig,
        origin: Origin,
    ) -> Result<Self, SendConfigError> {
        let sinks: Box<[_]> = sinks.into_iter().collect();
        if sinks.is_empty() {
            return Err(SendConfigError::NoSubstreams);
        }
        if config.max_heaps == 0 {
            return Err(SendConfigError::NoHeaps);
        }
        let inner = Inner { sinks, config, origin, cnts: Mutex::default() };
        Ok(Self { inner: Arc::new(inner), watch: None, _lease: None })
    }

    /// The same stream, watched, and keeping `lease` alive.
    pub(crate) fn watched(self, watch: Arc<Watch>, lease: Arc<dyn Any + Send + Sync>) -> Self {
        Self { watch: Some(watch), _lease: Some(lease), ..self }
    }

    /// Sends a heap; when this returns, all of its packets are on the transport.
    ///
    /// # Errors
    /// [`SendError`], the first that applies: no such substream, heap cnt too large, packets too small, or stopped. A call
    /// that is refused uses up no heap cnt.
    pub fn send_heap<'h>(&self, heap: impl Into<HeapReference<'h>>) -> Result<Sent, SendError> {
        let heap = heap.into();
        self.touch();
        let mut cnts = self.lock();
        let (run, after) = self.cut(&heap, 0, *cnts)?;
        *cnts = after;
        let sent = Sent { cnt: run.cnt(), packets: run.len() as u64, bytes: run.bytes() };
        self.record(&run);
        match self.inner.sinks[heap.substream].put(Entry::Run(run)) {
            Ok(()) => Ok(sent),
            Err(Refused(rest)) => Err(SendError::Stopped { packets: sent.packets, refused: rest.len() as u64 }),
        }
    }

    /// Sends several heaps as one; all or nothing, unless the transport stops midway.
    ///
    /// # Errors
    /// [`SendError`]: the first heap of the list that cannot be sent decides. A call that is refused uses up no heap cnt.
    pub fn send_heaps(&self, heaps: &[HeapReference<'_>], mode: GroupMode) -> Result<SentGroup, SendError> {
        self.touch();
        if heaps.is_empty() {
            return Err(SendError::EmptyGroup);
        }
        let mut cnts = self.lock();
        let mut after = *cnts;
        let mut runs = Vec::with_capacity(heaps.len());
        for (place, heap) in heaps.iter().enumerate() {
            let (run, next) = self.cut(heap, place, after)?;
            after = next;
            runs.push((heap.substream, run));
        }
        *cnts = after;
        let sent = SentGroup {
            cnts: runs.iter().map(|(_, run)| run.cnt()).collect(),
            packets: runs.iter().map(|(_, run)| run.len() as u64).sum(),
            bytes: runs.iter().map(|(_, run)| run.bytes()).sum(),
        };
        runs.iter().for_each(|(_, run)| self.record(run));
        let refused = match mode {
            GroupMode::Serial => self.put_all(runs),
            GroupMode::RoundRobin => self.put_all(in_turn(&runs)),
        };
        if refused > 0 {
            return Err(SendError::Stopped { packets: sent.packets, refused });
        }
        Ok(sent)
    }

    /// Sends a heap; for code that is async. The heap is on its way, in order, when this returns; the future borrows
    /// nothing, and dropping it takes nothing back.
    pub fn send_heap_async<'h>(&self, heap: impl Into<HeapReference<'h>>) -> Ready<Result<Sent, SendError>> {
        ready(self.send_heap(heap))
    }

    /// Sends several heaps as one; for code that is async.
    pub fn send_heaps_async(
        &self,
        heaps: &[HeapReference<'_>],
        mode: GroupMode,
    ) -> Ready<Result<SentGroup, SendError>> {
        ready(self.send_heaps(heaps, mode))
    }

    /// Sets the heap cnts of heaps that do not bring their own: `next`, `next + step`, and so on.
    ///
    /// # Errors
    /// [`ZeroStep`] if all heaps would get the same.
    pub fn set_cnt_sequence(&self, next: u64, step: u64) -> Result<(), ZeroStep> {
        self.set_cnts(CntSequence::new(next, step)?);
        Ok(())
    }

    pub(crate) fn set_cnts(&self, cnts: CntSequence) {
        *self.lock() = cnts;
    }

    /// How many substreams there are.
    #[must_use]
    pub fn substreams(&self) -> usize {
        self.inner.sinks.len()
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &SendConfig {
        &self.inner.config
    }

    /// As whose packets a ledger counts what this stream sends.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.inner.origin
    }

    /// The checks of one heap, in spead2's order, and its packets (`send_stream.cpp`).
    #[inline(always)]
    fn cut(&self, heap: &HeapReference<'_>, before: usize, cnts: CntSequence) -> Result<(Run, CntSequence), SendError> {
        let SendConfig { max_packet_size, max_heaps } = self.inner.config;
        if heap.substream >= self.substreams() {
            return Err(SendError::Substream { substream: heap.substream, substreams: self.substreams() });
        }
        if before >= max_heaps {
            return Err(SendError::Full { max_heaps });
        }
        let flavour = heap.heap.flavour();
        let (cnt, after) = match heap.cnt {
            Some(cnt) => (HeapCnt::new(cnt, flavour)?, cnts),
            None => cnts.advance(flavour),
        };
        let run = Run::new(heap.heap, cnt, max_packet_size, heap.repeat_pointers, self.inner.origin)?;
        Ok((run, after))
    }

    /// Puts everything, also after a refusal: other substreams may still be open. How many packets were refused.
    fn put_all(&self, runs: impl IntoIterator<Item = (usize, Run)>) -> u64 {
        runs.into_iter().fold(0, |refused, (substream, run)| match self.inner.sinks[substream].put(Entry::Run(run)) {
            Ok(()) => refused,
            Err(Refused(rest)) => refused + rest.len() as u64,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, CntSequence> {
        self.inner.cnts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self) {
        if let Some(watch) = &self.watch {
            watch.touch();
        }
    }

    fn record(&self, run: &Run) {
        if let Some(watch) = &self.watch {
            watch.record(run.origin(), run.cnt(), run.len() as u64);
        }
    }
}

impl fmt::Debug for SendStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendStream({}, {} substreams)", self.inner.origin, self.substreams())
    }
}

/// The packets of all runs, one of each in turn.
fn in_turn(runs: &[(usize, Run)]) -> impl Iterator<Item = (usize, Run)> + '_ {
    let longest = runs.iter().map(|(_, run)| run.range().end).max().unwrap_or(0);
    (0..longest).flat_map(move |packet| {
        let one = move |(substream, run): &(usize, Run)| (*substream, run.slice(packet..packet + 1));
        runs.iter().filter(move |(_, run)| packet < run.range().end).map(one)
    })
}

/// Why a heap was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// A group without heaps.
    #[error("the group is empty: send at least one heap")]
    EmptyGroup,
    /// The stream has no such substream.
    #[error("no substream {substream}: the stream has {substreams}, counted from 0")]
    Substream {
        /// The one that was asked for.
        substream: usize,
        /// How many there are.
        substreams: usize,
    },
    /// More heaps than may be under way at once.
    #[error("no room: max_heaps is {max_heaps}; send smaller groups or raise SendConfig::max_heaps")]
    Full {
        /// How many may be under way.
        max_heaps: usize,
    },
    /// The heap cnt is too large for the heap's flavour.
    #[error(transparent)]
    Cnt(#[from] HeapCntError),
    /// The packets are too small for the heap.
    #[error(transparent)]
    Packetize(#[from] PacketizeError),
    /// The transport was stopped.
    #[error(
        "the queue was stopped: {refused} of {packets} packets were refused; send before `stop()`, or keep the sender and \
         the queue alive for as long as you send"
    )]
    Stopped {
        /// Packets of the call.
        packets: u64,
        /// Packets that were not put anywhere.
        refused: u64,
    },
}
