use std::ops::Range;

use bytes::Bytes;

use super::{Cut, CutRule, FlatPackets, PacketizeError, cut::PacketShape};
use crate::{
    heap::{Heap, Item, Layout, Origin},
    wire::{
        FEW_POINTERS, HEADER_WORDS, HeapCnt, ItemId, ItemPointer, POINTER_BYTES, Payload, Segment, header_start,
        rewrite_header,
    },
};

/// Consecutive packets of one heap that do not exist yet: each comes into being when it is read.
///
/// To everyone outside a run is as if each of its packets stood there; sending a heap costs the same whatever its length.
// Small, since queues hold many: how the heap is cut is worked out again by whoever reads.
#[derive(Debug, Clone)]
pub struct Run {
    heap: Heap,
    cnt: HeapCnt,
    at: Range<u32>,
    origin: Origin,
    rule: CutRule,
}

impl Run {
    /// All packets of a heap, and how many bytes they have.
    #[inline(always)]
    pub(crate) fn new(heap: &Heap, cnt: HeapCnt, rule: CutRule, origin: Origin) -> Result<(Self, u64), PacketizeError> {
        let (cut, packets) = Cut::check(heap, rule)?;
        let run = Self { heap: heap.clone(), cnt, at: 0..packets, origin, rule };
        Ok((run, cut.all_bytes(packets)))
    }

    /// The heap that the packets are of.
    #[must_use]
    pub const fn heap(&self) -> &Heap {
        &self.heap
    }

    /// The heap, without the run.
    pub(crate) fn into_heap(self) -> Heap {
        self.heap
    }

    /// Its heap cnt.
    #[must_use]
    pub const fn cnt(&self) -> HeapCnt {
        self.cnt
    }

    /// Who sends it.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Which packets of the heap the run holds, counted from 0.
    #[must_use]
    pub fn range(&self) -> Range<u32> {
        self.at.clone()
    }

    /// How many packets the run holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether the run holds no packet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// Bytes of the packets, headers included: what spead2 counts as sent.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.cut().bytes(self.range())
    }

    fn cut(&self) -> Cut {
        Cut::new(&self.heap, self.rule)
    }

    /// All packets of another heap, cut in the same way; nothing if they are too small for it.
    pub(crate) fn with_heap(&self, heap: &Heap, cnt: HeapCnt) -> Option<Self> {
        let run = Self::new(heap, cnt, self.rule, self.origin);
        run.ok().map(|(run, _)| run)
    }

    /// The packets `at` of the heap, as far as the run has them.
    pub(crate) fn slice(&self, at: Range<u32>) -> Self {
        let start = at.start.clamp(self.at.start, self.at.end);
        let end = at.end.clamp(start, self.at.end);
        Self { at: start..end, ..self.clone() }
    }

    /// The packet of a heap of few items that goes into one: as the [`Cutter`] would make it, by a shorter way.
    ///
    /// Nothing if there are more, or there is no payload.
    #[inline(always)]
    pub(crate) fn only_packet<'p, 'r: 'p>(
        &'r self,
        header: &'p mut ShortHeader,
        more: &'p mut Vec<Segment<'r>>,
    ) -> Option<(&'p [u8], Payload<'p>)> {
        let (flavour, items) = (self.heap.flavour(), self.heap.items());
        let words = HEADER_WORDS + items.len();
        if self.at != (0..1) || words > header.len() || !Cut::is_one_packet(&self.heap, self.rule) {
            return None;
        }
        let length = self.heap.payload_length();
        let (start, pointers) = header.split_first_chunk_mut()?;
        *start = header_start(flavour, items.len(), self.cnt, length, &(0..length));
        for (word, pointer) in pointers.iter_mut().zip(Layout::new(&self.heap)) {
            *word = pointer.encode(flavour).to_be_bytes();
        }
        let filled = items.iter().filter_map(Item::as_addressed).filter(|bytes| !bytes.is_empty());
        let mut segments = filled.map(|bytes| Segment::new(bytes, 0..bytes.len()));
        let first = segments.next()?;
        for segment in segments {
            more.push(segment);
        }
        Some((header[..words].as_flattened(), Payload::new(first, more)))
    }

    /// The packets as flat bytes, one after the other.
    #[must_use]
    pub fn packets(&self) -> FlatPackets<'_> {
        FlatPackets::new(self)
    }
}

/// Where the header of a packet with few item pointers is made.
pub(crate) type ShortHeader = [[u8; POINTER_BYTES]; HEADER_WORDS + FEW_POINTERS];

/// Makes the packets of a run one by one.
#[derive(Debug)]
pub(crate) struct Cutter<'r> {
    run: &'r Run,
    cut: Cut,
    next: u32,
    /// Where the payload of the packet before ended, if all item pointers had been sent with it and none is repeated.
    tail: Option<u64>,
    header: Vec<u8>,
    /// The item pointers that are in the header.
    table: Option<Range<u64>>,
    /// Item pointers from `written` on.
    pointers: Layout<'r>,
    written: u64,
    payload: PayloadWalk<'r>,
}

impl<'r> Cutter<'r> {
    /// `header` is only there to be written over.
    pub(crate) fn new(run: &'r Run, header: Vec<u8>) -> Self {
        Self {
            run,
            cut: run.cut(),
            next: run.at.start,
            tail: None,
            header,
            table: None,
            pointers: Layout::new(&run.heap),
            written: 0,
            payload: PayloadWalk::new(run),
        }
    }

    /// The packet of the heap that comes next.
    pub(crate) const fn position(&self) -> u32 {
        self.next
    }

    /// Gives the memory of the header back.
    pub(crate) fn into_header(self) -> Vec<u8> {
        self.header
    }

    /// The header of the next packet, and its payload; `more` holds what straddles items.
    #[inline(always)]
    pub(crate) fn next<'p>(&'p mut self, more: &'p mut Vec<Segment<'r>>) -> Option<(&'p [u8], Payload<'p>)>
    where
        'r: 'p,
    {
        if self.next >= self.run.at.end {
            return None;
        }
        let shape = self.tail.map_or_else(|| self.cut.shape(self.next), |start| self.cut.tail(start));
        self.next += 1;
        if self.table.as_ref() == Some(&shape.pointers) {
            rewrite_header(&mut self.header, self.run.heap.flavour(), &shape.payload);
        } else {
            self.write_header(&shape);
        }
        more.clear();
        let first = self.payload.read(&shape.payload, more);
        self.tail = self.cut.is_tail_after(&shape).then_some(shape.payload.end);
        self.table = Some(shape.pointers);
        Some((&self.header, Payload::new(first, more)))
    }

    #[inline(always)]
    fn write_header(&mut self, shape: &PacketShape) {
        let (run, pointers) = (self.run, &shape.pointers);
        let flavour = run.heap.flavour();
        let count = usize::try_from(pointers.end - pointers.start).expect("at most 65531");
        self.header.clear();
        let start = header_start(flavour, count, run.cnt, self.cut.length(), &shape.payload);
        self.header.extend_from_slice(start.as_flattened());
        if pointers.start < self.written {
            (self.pointers, self.written) = (Layout::new(&run.heap), 0);
        }
        while self.written < pointers.end {
            let null = ItemPointer::Address { id: ItemId::NULL, address: self.pointers.address() };
            let pointer = self.pointers.next().unwrap_or(null);
            if self.written >= pointers.start {
                self.header.extend_from_slice(&pointer.encode(flavour).to_be_bytes());
            }
            self.written += 1;
        }
    }
}

/// A walk over the payload of a heap: its addressed items, then zeros.
#[derive(Debug)]
struct PayloadWalk<'r> {
    heap: &'r Heap,
    item: usize,
    /// Where the item starts.
    address: u64,
}

impl<'r> PayloadWalk<'r> {
    const fn new(run: &'r Run) -> Self {
        Self { heap: &run.heap, item: 0, address: 0 }
    }

    /// The bytes `range`, of which there is at least one: the first segment, and the others in `more`. Ranges must rise.
    #[inline]
    fn read(&mut self, range: &Range<u64>, more: &mut Vec<Segment<'r>>) -> Segment<'r> {
        let first = self.segment(range);
        let mut at = range.start + first.len() as u64;
        while at < range.end {
            let segment = self.segment(&(at..range.end));
            at += segment.len() as u64;
            more.push(segment);
        }
        first
    }

    /// As many of the bytes `range` as lie together.
    #[inline]
    fn segment(&mut self, range: &Range<u64>) -> Segment<'r> {
        let place = |at: u64| usize::try_from(at).expect("a place in memory");
        while let Some(item) = self.heap.items().get(self.item) {
            let end = self.address + item.addressed_length();
            if let Some(bytes) = item.as_addressed()
                && range.start < end
            {
                let to = end.min(range.end);
                return Segment::new(bytes, place(range.start - self.address)..place(to - self.address));
            }
            self.item += 1;
            self.address = end;
        }
        Segment::new(&PADDING, 0..place(range.end - range.start).min(PADDING.len()))
    }
}

static PADDING: Bytes = Bytes::from_static(&[0; 1024]);

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{heap::HeapBuilder, wire::Flavour};

    /// The packet as it is made in general, if there is just one; with its payload as plain bytes.
    fn in_general(run: &Run) -> Option<(Vec<u8>, Vec<u8>)> {
        let (mut cutter, mut more) = (Cutter::new(run, Vec::new()), Vec::new());
        cutter.next(&mut more).map(|(header, payload)| (header.to_vec(), joined(&payload))).filter(|_| run.len() == 1)
    }

    fn joined(payload: &Payload<'_>) -> Vec<u8> {
        payload.segments().flat_map(|segment| segment.as_slice().to_vec()).collect()
    }

    /// Items of all kinds, as many as asked for.
    fn heap(flavour: Flavour, items: u64, length: usize) -> Heap {
        let add = |builder: HeapBuilder, at: u64| match at % 3 {
            0 => builder.item(0x70 + at, vec![0x5a; length]),
            1 => builder.immediate(0x70 + at, at),
            _ => builder.item(0x70 + at, vec![]),
        };
        (0..items).fold(Heap::builder(flavour), add).build().expect("small ids and lengths")
    }

    #[rstest]
    fn the_shorter_way_makes_the_same_packet(
        #[values(8, 40, 56)] address_bits: u32,
        #[values(56, 64, 120, 1472)] size: usize,
        #[values(false, true)] repeat: bool,
    ) {
        let flavour = Flavour::new(address_bits).expect("a flavour");
        let rule = CutRule::new(size, repeat).expect("large enough");
        for (items, length) in (0..10).flat_map(|items| [0, 1, 7, 8, 9, 15, 16, 17, 64].map(|length| (items, length))) {
            let heap = heap(flavour, items, length);
            let Ok((run, _)) = Run::new(&heap, HeapCnt::wrapped(77, flavour), rule, Origin::FOREIGN) else { continue };
            let (mut header, mut more) = (ShortHeader::default(), Vec::new());
            let short = run.only_packet(&mut header, &mut more);
            let short = short.map(|(header, payload)| (header.to_vec(), joined(&payload)));
            let expected = in_general(&run).filter(|_| items <= FEW_POINTERS as u64 && heap.payload_length() > 0);
            assert_eq!(short, expected, "{items} items, {length} bytes");
            let first = run.slice(0..1);
            let short = first.only_packet(&mut header, &mut more);
            assert!(run.len() == 1 || short.is_none(), "{items} items, {length} bytes: more packets follow");
        }
    }
}
