//! What is inside a receive stream: its readers, and what becomes of what they have.

use std::{mem, sync::Arc};

use bytes::Bytes;
use event_listener::EventListener;

use super::{AlteredPacket, Entry, PacketSource, Taken, log, record::Record};
use crate::{
    heap::Origin,
    recv::{Event, Outcome, Reassembler, ReceivedHeap, RecvConfig, RecvConfigError, Trace},
    send::{Cutter, Run, ShortHeader},
    wire::{HeapCnt, Packet},
};

/// Takes packets from readers in turn, and puts heaps together.
pub(super) struct Intake {
    pub(super) reassembler: Reassembler,
    readers: Vec<Reader>,
    /// The reader whose turn it is.
    turn: usize,
    pub(super) started: bool,
    header: Vec<u8>,
    pub(super) record: Option<Record>,
}

struct Reader {
    source: Arc<dyn PacketSource>,
    /// What other readers' turns interrupted.
    rest: Option<Entry>,
    ended: bool,
}

impl Reader {
    #[inline(always)]
    fn next(&mut self) -> Taken {
        match self.rest.take() {
            None if self.ended => Taken::Empty,
            None => self.source.take(),
            Some(rest) => Taken::Entry(rest),
        }
    }
}

/// What came of a look at the readers.
pub(super) enum Step {
    /// One had something.
    Progress,
    /// None has anything now.
    Empty,
    /// None will ever have anything.
    Ended,
}

impl Intake {
    pub(super) fn new(config: RecvConfig) -> Result<Self, RecvConfigError> {
        Ok(Self {
            reassembler: Reassembler::new(config)?,
            readers: Vec::new(),
            turn: 0,
            started: !config.explicit_start,
            header: Vec::new(),
            record: None,
        })
    }

    pub(super) fn add(&mut self, source: Arc<dyn PacketSource>) {
        self.readers.push(Reader { source, rest: None, ended: false });
    }

    pub(super) const fn readers(&self) -> usize {
        self.readers.len()
    }

    /// Listens to all readers that have not ended.
    pub(super) fn listen(&self) -> Vec<EventListener> {
        let open = self.readers.iter().filter(|reader| !reader.ended);
        open.map(|reader| reader.source.waiters().listen()).collect()
    }

    /// Gives out the next heap that is done with.
    pub(super) fn pop(&mut self) -> Option<Event> {
        let event = self.reassembler.pop()?;
        log::event(&event);
        if let Some(record) = &mut self.record {
            record.give(&event);
        }
        Some(event)
    }

    /// Whether the next to be given out is a whole heap; gives out the incomplete ones before it.
    pub(super) fn has_heap(&mut self) -> bool {
        loop {
            match self.reassembler.peek() {
                None => return false,
                Some(Event::Heap(_)) => return true,
                Some(_) => {
                    self.pop();
                    self.reassembler.count_withheld();
                }
            }
        }
    }

    /// Gives out the next whole heap, if there is one now; and the incomplete ones before it.
    pub(super) fn pop_heap(&mut self) -> Option<ReceivedHeap> {
        loop {
            if let Event::Heap(heap) = self.pop()? {
                return Some(heap);
            }
            self.reassembler.count_withheld();
        }
    }

    /// Ends the stream: what is complete stays, what is incomplete is dropped, what was not read goes back.
    pub(super) fn stop(&mut self) {
        let ready: Vec<_> = std::iter::from_fn(|| self.reassembler.pop()).collect();
        self.reassembler.stop();
        while self.reassembler.pop().is_some() {}
        self.reassembler.restore(ready.into_iter());
        self.let_go();
    }

    /// Takes what the next reader has, if any has something.
    pub(super) fn step(&mut self) -> Step {
        if self.reassembler.is_stopped() {
            return Step::Ended;
        }
        if !self.started || self.readers.is_empty() {
            return Step::Empty;
        }
        for _ in 0..self.readers.len() {
            let at = self.turn;
            self.turn = if at + 1 < self.readers.len() { at + 1 } else { 0 };
            match self.readers[at].next() {
                Taken::Entry(entry) => {
                    self.feed(at, entry);
                    return Step::Progress;
                }
                Taken::Empty => {}
                Taken::Ended => self.readers[at].ended = true,
            }
        }
        if !self.readers.iter().all(|reader| reader.ended) {
            return Step::Empty;
        }
        self.reassembler.stop();
        Step::Progress
    }

    /// Reads all that the entry has if this is the only reader; else a packet, since readers take turns.
    #[inline(always)]
    fn feed(&mut self, at: usize, entry: Entry) {
        if self.readers.len() > 1 {
            let (first, later) = entry.split_first();
            self.readers[at].rest = later;
            self.read(at, first);
        } else {
            self.read(at, entry);
        }
    }

    #[inline(always)]
    fn read(&mut self, at: usize, entry: Entry) {
        let trace = self.record.as_mut().map(|record| record.read(entry.clone()));
        if let Some(rest) = push(&mut self.reassembler, &mut self.header, entry, trace)
            && let Some(later) = self.readers[at].rest.replace(rest)
        {
            self.readers[at].source.put_back(later);
        }
        if self.reassembler.is_stopped() {
            self.let_go();
        }
    }

    /// Gives back what was taken and will not be read.
    fn let_go(&mut self) {
        for reader in &mut self.readers {
            if let Some(rest) = reader.rest.take() {
                reader.source.put_back(rest);
            }
        }
    }
}

/// Pushes the packets of an entry until the stream stops; what is left then.
#[inline(always)]
fn push(reassembler: &mut Reassembler, header: &mut Vec<u8>, entry: Entry, trace: Option<&mut Trace>) -> Option<Entry> {
    match entry {
        Entry::Run(run) if is_whole(reassembler, &run) => {
            let (note, cnt) = (Note::before(reassembler, run.origin()), run.cnt());
            let outcome = reassembler.push_source(cnt, run.origin(), run.into_heap());
            note.after(reassembler, Some(cnt), outcome, trace);
            None
        }
        Entry::Run(run) => push_run(reassembler, header, run, trace),
        Entry::Flat(bytes) => {
            push_flat(reassembler, bytes, Origin::FOREIGN, trace);
            None
        }
        Entry::Altered(packet) => {
            push_altered(reassembler, *packet, trace);
            None
        }
    }
}

#[inline(always)]
fn push_flat(reassembler: &mut Reassembler, bytes: Bytes, origin: Origin, trace: Option<&mut Trace>) {
    let note = Note::before(reassembler, origin);
    let (cnt, outcome) = reassembler.push_flat(bytes, origin);
    note.after(reassembler, cnt, outcome, trace);
}

#[cold]
fn push_altered(reassembler: &mut Reassembler, packet: AlteredPacket, trace: Option<&mut Trace>) {
    let AlteredPacket { bytes, origin } = packet;
    push_flat(reassembler, bytes, origin, trace);
}

/// Pushes the packets of a run until the stream stops; what is left then.
fn push_run(
    reassembler: &mut Reassembler,
    header: &mut Vec<u8>,
    run: Run,
    mut trace: Option<&mut Trace>,
) -> Option<Entry> {
    let mut cutter = Cutter::new(&run, mem::take(header));
    let (mut more, mut outcome) = (Vec::new(), Outcome::Accepted);
    while outcome != Outcome::Stopped
        && let Some((header, payload)) = cutter.next(&mut more)
    {
        let note = Note::before(reassembler, run.origin());
        let cnt;
        (cnt, outcome) = match Packet::parse_parts(header, payload) {
            Ok(packet) => (Some(packet.cnt()), reassembler.push(&packet, run.origin())),
            Err(error) => (None, reassembler.push_broken(error, run.origin())),
        };
        note.after(reassembler, cnt, outcome, trace.as_deref_mut());
    }
    let rest = cutter.position()..run.range().end;
    *header = cutter.into_header();
    (!rest.is_empty()).then(|| Entry::Run(run.slice(rest)))
}

/// Whether this is all of a heap, in one packet that says just what the heap has: then the heap itself can go on.
#[inline(always)]
fn is_whole(reassembler: &Reassembler, run: &Run) -> bool {
    let (mut header, mut more) = (ShortHeader::default(), Vec::new());
    let packet = run.only_packet(&mut header, &mut more).map(|(header, payload)| Packet::parse_parts(header, payload));
    matches!(&packet, Some(Ok(packet)) if packet.cnt() == run.cnt() && reassembler.is_all_of(packet, run.heap()))
}

/// Notes what becomes of a packet.
struct Note {
    origin: Origin,
    /// Heaps that had been evicted before.
    evicted: u64,
}

impl Note {
    #[inline(always)]
    const fn before(reassembler: &Reassembler, origin: Origin) -> Self {
        Self { origin, evicted: reassembler.stats().incomplete_heaps_evicted }
    }

    #[inline(always)]
    fn after(self, reassembler: &Reassembler, cnt: Option<HeapCnt>, outcome: Outcome, trace: Option<&mut Trace>) {
        log::packet(self.origin, cnt, outcome);
        if let Some(trace) = trace {
            let evicts = reassembler.stats().incomplete_heaps_evicted > self.evicted;
            trace.push(self.origin, cnt, outcome, evicts);
        }
    }
}
