use std::{any::Any, fmt, sync::Arc, time::Duration};

use super::{
    Entry, Io, PacketSink, TransportError, Watch,
    outbox::{Line, Outbox, Part, Unsent, put_all},
};
use crate::{
    heap::{Heap, Origin},
    send::{CntSequence, CutRule, HeapReference, PacketizeError, Run, ZeroStep},
    wire::{HeapCnt, HeapCntError},
};

/// How heaps are sent: spead2's settings, with its names and defaults (`send_stream_config.h`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SendConfig {
    /// Bytes of the largest packet, header included; rounded down to a multiple of 8, and to what 32 bits
    /// say. Default 1472.
    pub max_packet_size: usize,
    /// Heaps that may be under way at once, which bounds the size of a group. Default 4.
    pub max_heaps: usize,
    /// Bytes of packets a second, headers included; 0 is no limit. Default 0.
    pub rate: f64,
    /// Bytes that go out at once before the rate makes the stream wait. Default 65536.
    pub burst_size: usize,
    /// How much faster than the rate a stream that is late may be until it has caught up; at least 1. Default 1.05.
    pub burst_rate_ratio: f64,
}

impl Default for SendConfig {
    fn default() -> Self {
        Self { max_packet_size: 1472, max_heaps: 4, rate: 0.0, burst_size: 65536, burst_rate_ratio: 1.05 }
    }
}

/// Send settings that cannot work.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SendConfigError {
    /// No heap could ever be sent.
    #[error("max_heaps 0 lets no heap be sent: use at least 1")]
    NoHeaps,
    /// There is nowhere to send to.
    #[error("a stream needs at least one queue to send to")]
    NoSubstreams,
    /// A rate that is negative or no number.
    #[error("rate {rate} bytes a second: use a finite number, or 0 for no limit")]
    Rate {
        /// The rate.
        rate: f64,
    },
    /// A stream that is late would never catch up.
    #[error("burst_rate_ratio {ratio}: use a finite number that is at least 1")]
    BurstRateRatio {
        /// The ratio.
        ratio: f64,
    },
}

impl SendConfig {
    pub(crate) fn check(&self) -> Result<(), SendConfigError> {
        let &Self { max_heaps, rate, burst_rate_ratio: ratio, .. } = self;
        if max_heaps == 0 {
            return Err(SendConfigError::NoHeaps);
        }
        if !is_rate(rate) {
            return Err(SendConfigError::Rate { rate });
        }
        if !(ratio.is_finite() && ratio >= 1.0) {
            return Err(SendConfigError::BurstRateRatio { ratio });
        }
        Ok(())
    }
}

fn is_rate(rate: f64) -> bool {
    rate.is_finite() && rate >= 0.0
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
    pub(super) line: Arc<Line>,
    pub(super) io: Io,
    pub(super) origin: Origin,
    pub(super) watch: Option<Arc<Watch>>,
    /// Dropped with the last handle, when all is sent.
    pub(super) lease: Option<Arc<dyn Any + Send + Sync>>,
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

impl SentGroup {
    pub(super) fn of(parts: &[Part]) -> Self {
        Self {
            cnts: parts.iter().map(|part| part.run.cnt()).collect(),
            packets: parts.iter().map(|part| part.run.len() as u64).sum(),
            bytes: parts.iter().map(|part| part.run.bytes()).sum(),
        }
    }
}

impl SendStream {
    /// A stream with one substream for each sink. A ledger counts what it sends as that of `origin`: each stream that a
    /// receiver is to tell from others needs one of its own.
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
        config.check()?;
        let line = Line::new(sinks, config, config.rate == 0.0);
        Ok(Self { line: Arc::new(line), io: Io::caller(), origin, watch: None, lease: None })
    }

    /// The same stream, watched, and keeping `lease` alive.
    pub(crate) fn watched(self, watch: Arc<Watch>, lease: Arc<dyn Any + Send + Sync>) -> Self {
        Self { watch: Some(watch), lease: Some(lease), ..self }
    }

    /// Sends a heap; when this returns, all of its packets are on the transport.
    ///
    /// # Errors
    /// [`SendError`], the first that applies: no such substream, no room, heap cnt too large, packets too
    /// small, stopped, or what the transport says.
    /// A call that is refused uses up no heap cnt.
    pub fn send_heap<'h>(&self, heap: impl Into<HeapReference<'h>>) -> Result<Sent, SendError> {
        let heap = heap.into();
        self.touch();
        let mut outbox = self.line.outbox();
        if !outbox.direct || heap.rate.is_some() {
            drop(outbox);
            return self.send_one_queued(heap);
        }
        let (run, bytes, after) = self.cut(&heap, 0, 0, outbox.cnts)?;
        outbox.cnts = after;
        let sent = Sent { cnt: run.cnt(), packets: run.len() as u64, bytes };
        self.record(&run);
        match self.line.sinks[heap.substream].put(Entry::Run(run)) {
            Ok(()) => Ok(sent),
            Err(refused) => Unsent::from(refused).outcome(sent.packets).map(|()| sent),
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
        let mut outbox = self.line.outbox();
        if !outbox.direct || heaps.iter().any(|heap| heap.rate.is_some()) {
            drop(outbox);
            return self.send_queued(heaps, mode);
        }
        let (parts, after) = self.cut_all(heaps, &outbox)?;
        outbox.cnts = after;
        let sent = SentGroup::of(&parts);
        parts.iter().for_each(|part| self.record(&part.run));
        put_all(&self.line.sinks, parts, mode).outcome(sent.packets).map(|()| sent)
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
        self.line.outbox().cnts = cnts;
    }

    /// What this stream has sent so far, a run of packets for each heap, in order: before anything befell it. The last 65,536
    /// heaps of a harness; nothing outside one.
    #[must_use]
    pub fn sent(&self) -> Vec<Run> {
        self.watch.as_ref().map(|watch| watch.runs(self.origin)).unwrap_or_default()
    }

    /// How many substreams there are.
    #[must_use]
    pub fn substreams(&self) -> usize {
        self.line.sinks.len()
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &SendConfig {
        &self.line.config
    }

    /// As whose packets a ledger counts what this stream sends.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// The checks of all heaps of a call, and their packets.
    pub(super) fn cut_all(
        &self,
        heaps: &[HeapReference<'_>],
        outbox: &Outbox,
    ) -> Result<(Vec<Part>, CntSequence), SendError> {
        let mut after = outbox.cnts;
        let mut parts = Vec::with_capacity(heaps.len());
        for (place, heap) in heaps.iter().enumerate() {
            let (run, _, next) = self.cut(heap, place, outbox.in_flight, after)?;
            after = next;
            parts.push(Part { substream: heap.substream, run, rate: heap.rate.unwrap_or(self.line.config.rate) });
        }
        Ok((parts, after))
    }

    /// The checks of one heap, in spead2's order, and its packets, with their bytes (`send_stream.cpp`).
    #[inline(always)]
    fn cut(
        &self,
        heap: &HeapReference<'_>,
        place: usize,
        in_flight: usize,
        cnts: CntSequence,
    ) -> Result<(Run, u64, CntSequence), SendError> {
        let SendConfig { max_packet_size, max_heaps, .. } = self.line.config;
        if heap.substream >= self.substreams() {
            return Err(SendError::Substream { substream: heap.substream, substreams: self.substreams() });
        }
        if in_flight + place >= max_heaps {
            return Err(SendError::Full { max_heaps, in_flight, place, heap: heap.heap.clone() });
        }
        let flavour = heap.heap.flavour();
        let (cnt, after) = match heap.cnt {
            Some(cnt) => (HeapCnt::new(cnt, flavour)?, cnts),
            None => cnts.advance(flavour),
        };
        if let Some(rate) = heap.rate.filter(|rate| !is_rate(*rate)) {
            return Err(SendError::Rate { rate });
        }
        let rule = CutRule::new(max_packet_size, heap.repeat_pointers)?;
        let (run, bytes) = Run::new(heap.heap, cnt, rule, self.origin)?;
        Ok((run, bytes, after))
    }

    pub(super) fn touch(&self) {
        if let Some(watch) = &self.watch {
            watch.touch();
        }
    }

    #[inline(always)]
    fn record(&self, run: &Run) {
        if let Some(watch) = &self.watch {
            watch.record(run.clone());
        }
    }
}

impl fmt::Debug for SendStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendStream({}, {} substreams)", self.origin, self.substreams())
    }
}

/// Why a heap was not sent.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
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
    #[error(
        "no room: max_heaps is {max_heaps} and {in_flight} are under way, so heap {place} of the call finds no place; wait \
         for one of them, send smaller groups, or raise SendConfig::max_heaps"
    )]
    Full {
        /// How many may be under way.
        max_heaps: usize,
        /// How many were.
        in_flight: usize,
        /// Which heap of the call found no place, counted from 0. None of the call was sent.
        place: usize,
        /// That heap.
        heap: Heap,
    },
    /// A rate of a heap's own that is negative or no number.
    #[error("a heap's rate of {rate} bytes a second: use a finite number, or 0 for no limit")]
    Rate {
        /// The rate.
        rate: f64,
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
    /// A sink could not send.
    #[error("the transport sent all but {refused} of {packets} packets: {cause}")]
    Transport {
        /// Packets of the call.
        packets: u64,
        /// Packets that were not put anywhere.
        refused: u64,
        /// The first error of the sink.
        #[source]
        cause: TransportError,
    },
    /// Whoever was to send the heap is gone.
    #[error("nobody sent it: its stepper is gone, or a packet sink panicked")]
    Abandoned,
    /// In a harness: it takes too long.
    #[error(
        "not sent in {waited:?}: does the rate allow it, and does somebody move the clock? `.timeout(..)` waits longer"
    )]
    Overdue {
        /// How long it was waited for.
        waited: Duration,
    },
}
