use super::{RecvConfig, RecvConfigError, live_heap::LiveHeap};
use crate::wire::HeapCnt;

/// The live heaps: in each substream a ring of slots, taken in turn whether or not others are free, and a hash table
/// over all of them (spead2 `recv_stream.cpp`; the table is spead2's too, so that `search_dist` means the same).
#[derive(Debug)]
pub(super) struct Window {
    max_heaps: usize,
    slots: Vec<Option<Box<Live>>>,
    /// For each substream the slot that was taken last.
    heads: Vec<usize>,
    /// The newest live heap of each bucket.
    buckets: Vec<Option<Slot>>,
}

#[derive(Debug)]
pub(super) struct Live {
    pub(super) heap: LiveHeap,
    /// The next older live heap of the same bucket.
    older: Option<Slot>,
}

impl Live {
    pub(super) fn new(any_order: bool) -> Box<Self> {
        Box::new(Self { heap: LiveHeap::new(any_order), older: None })
    }
}

/// Where a live heap is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot(u32);

impl Slot {
    fn new(at: usize) -> Self {
        Self(u32::try_from(at).unwrap_or(u32::MAX))
    }

    const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Window {
    pub(super) fn new(config: &RecvConfig) -> Result<Self, RecvConfigError> {
        let slots = config.slots()?;
        let buckets = slots.max(4).next_power_of_two().saturating_mul(4);
        Ok(Self {
            max_heaps: config.max_heaps,
            slots: std::iter::repeat_with(|| None).take(slots).collect(),
            heads: vec![0; config.substreams],
            buckets: vec![None; buckets],
        })
    }

    /// The newest live heap with this cnt, and how many live heaps were looked at.
    #[inline]
    pub(super) fn find(&self, cnt: HeapCnt) -> (Option<Slot>, u64) {
        let mut looked_at = 1_u64;
        let mut next = self.buckets.get(self.bucket(cnt)).copied().flatten();
        while let Some(slot) = next {
            let Some(live) = self.live(slot) else { break };
            if live.heap.cnt() == cnt {
                return (Some(slot), looked_at);
            }
            looked_at = looked_at.saturating_add(1);
            next = live.older;
        }
        (None, looked_at)
    }

    /// The slot for a new heap; the heap that is in it must go.
    pub(super) fn advance(&mut self, cnt: HeapCnt) -> (Slot, Option<Box<Live>>) {
        let slot = self.step(self.substream(cnt));
        (slot, self.remove(slot))
    }

    /// The heap that must go when a new heap with this cnt starts.
    pub(super) fn next_to_leave(&self, cnt: HeapCnt) -> Option<&LiveHeap> {
        let substream = self.substream(cnt);
        let place = after(*self.heads.get(substream)?, self.max_heaps);
        self.live(self.slot(substream, place)).map(|live| &live.heap)
    }

    #[inline]
    fn substream(&self, cnt: HeapCnt) -> usize {
        match self.heads.len() as u64 {
            0 | 1 => 0,
            substreams => usize::try_from(cnt.get().checked_rem(substreams).unwrap_or(0)).unwrap_or(0),
        }
    }

    #[inline]
    fn step(&mut self, substream: usize) -> Slot {
        let max_heaps = self.max_heaps;
        let Some(head) = self.heads.get_mut(substream) else { return self.slot(substream, 0) };
        *head = after(*head, max_heaps);
        let place = *head;
        self.slot(substream, place)
    }

    #[inline]
    fn slot(&self, substream: usize, place: usize) -> Slot {
        Slot::new(substream.saturating_mul(self.max_heaps).saturating_add(place))
    }

    /// Puts a heap into a free slot.
    pub(super) fn insert(&mut self, slot: Slot, mut live: Box<Live>) {
        let bucket = self.bucket(live.heap.cnt());
        if let (Some(newest), Some(place)) = (self.buckets.get_mut(bucket), self.slots.get_mut(slot.index())) {
            live.older = newest.replace(slot);
            *place = Some(live);
        }
    }

    pub(super) fn live_mut(&mut self, slot: Slot) -> Option<&mut LiveHeap> {
        self.slots.get_mut(slot.index())?.as_mut().map(|live| &mut live.heap)
    }

    fn live(&self, slot: Slot) -> Option<&Live> {
        self.slots.get(slot.index())?.as_deref()
    }

    /// Takes a heap out of its slot.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<Box<Live>> {
        let live = self.slots.get_mut(slot.index())?.take()?;
        let bucket = self.bucket(live.heap.cnt());
        let newest = self.buckets.get_mut(bucket)?;
        if *newest == Some(slot) {
            *newest = live.older;
            return Some(live);
        }
        let mut next = *newest;
        while let Some(at) = next {
            let Some(newer) = self.slots.get_mut(at.index()).and_then(Option::as_deref_mut) else { break };
            if newer.older == Some(slot) {
                newer.older = live.older;
                break;
            }
            next = newer.older;
        }
        Some(live)
    }

    /// Takes out all heaps: substream by substream, the oldest first.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Box<Live>> + '_ {
        let (substreams, max_heaps) = (self.heads.len(), self.max_heaps);
        (0..substreams).flat_map(move |substream| (0..max_heaps).map(move |_| substream)).filter_map(|substream| {
            let slot = self.step(substream);
            self.remove(slot)
        })
    }

    /// The live heaps, by slot.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut LiveHeap> {
        self.slots.iter_mut().flatten().map(|live| &mut live.heap)
    }

    /// The top bits of the cnt multiplied by 2^64 over the golden ratio.
    fn bucket(&self, cnt: HeapCnt) -> usize {
        const GOLDEN: u64 = 11_400_714_819_323_198_485;
        let bits = self.buckets.len().trailing_zeros();
        usize::try_from(cnt.get().wrapping_mul(GOLDEN) >> 64_u32.saturating_sub(bits)).unwrap_or(0)
    }
}

/// The place after this one in a ring of `max_heaps`.
#[inline]
const fn after(place: usize, max_heaps: usize) -> usize {
    let next = place.saturating_add(1);
    if next < max_heaps { next } else { 0 }
}
