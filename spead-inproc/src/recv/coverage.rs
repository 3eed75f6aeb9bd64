use std::{collections::BTreeMap, ops::Range};

use bytes::Bytes;

use super::{Fate, Rejection, pieces::Pieces};
use crate::wire::Packet;

/// Which bytes of a heap have come.
#[derive(Debug)]
pub(super) enum Coverage {
    /// Each packet continues where the last one ended.
    InOrder(Pieces),
    /// Runs by where they start; no two touch.
    AnyOrder(BTreeMap<u64, Pieces>),
}

/// Why a packet was not taken: refused, or with another fate.
pub(super) type Refusal = Result<Rejection, Fate>;

impl Coverage {
    pub(super) fn new(any_order: bool) -> Self {
        if any_order { Self::AnyOrder(BTreeMap::new()) } else { Self::InOrder(Pieces::default()) }
    }

    /// Forgets everything, keeping memory.
    pub(super) fn reset(&mut self) {
        match self {
            Self::InOrder(pieces) => pieces.reset(),
            Self::AnyOrder(runs) => runs.clear(),
        }
    }

    /// Whether a packet's payload can be taken (spead2 `recv_live_heap.cpp`).
    #[inline(always)]
    pub(super) fn check(&self, packet: &Packet<'_>) -> Result<(), Refusal> {
        let (start, length) = (packet.payload_offset(), packet.payload_length());
        let end = start.saturating_add(length);
        match self {
            Self::InOrder(pieces) => match pieces.end() {
                received if start > received => Err(Ok(Rejection::Gap { payload_offset: start, received })),
                received if start < received => Err(repeated(start, length, end <= received)),
                _ => Ok(()),
            },
            Self::AnyOrder(runs) => match (run_before(runs, start), run_after(runs, start)) {
                (_, Some(next)) if next < end => Err(repeated(start, length, false)),
                (Some((_, known)), _) if known > start => Err(repeated(start, length, end <= known)),
                _ => Ok(()),
            },
        }
    }

    /// Takes the payload `range`, which was checked: `add` adds its bytes to those before it.
    #[inline(always)]
    pub(super) fn keep(&mut self, range: Range<u64>, add: impl FnOnce(&mut Pieces)) {
        match self {
            Self::InOrder(pieces) => add(pieces),
            Self::AnyOrder(runs) => keep_any_order(runs, range, add),
        }
    }

    /// The ranges that have come, merged and sorted; an empty one where only an empty packet came.
    pub(super) fn ranges(&self) -> Vec<Range<u64>> {
        match self {
            Self::InOrder(pieces) if pieces.end() == 0 => Vec::new(),
            Self::InOrder(pieces) => vec![Range { start: 0, end: pieces.end() }],
            Self::AnyOrder(runs) => runs.iter().map(|(start, pieces)| *start..pieces.end()).collect(),
        }
    }

    /// Takes the bytes `range` out of a heap whose bytes have all come. No byte may be asked for twice.
    pub(super) fn take(&mut self, range: Range<u64>) -> Bytes {
        match self {
            Self::InOrder(pieces) => pieces.take(range),
            Self::AnyOrder(runs) => runs.first_entry().map(|mut run| run.get_mut().take(range)).unwrap_or_default(),
        }
    }
}

fn keep_any_order(runs: &mut BTreeMap<u64, Pieces>, range: Range<u64>, add: impl FnOnce(&mut Pieces)) {
    let Range { start, end } = range;
    let key = run_before(runs, start).filter(|(_, known)| *known == start).map_or(start, |(key, _)| key);
    let following = if run_after(runs, start) == Some(end) { runs.remove(&end) } else { None };
    let run = runs.entry(key).or_insert_with(|| Pieces::starting_at(start));
    add(run);
    if let Some(following) = following {
        run.append(following);
    }
}

/// The run that starts at this place or before it: where it starts, and where it ends.
fn run_before(runs: &BTreeMap<u64, Pieces>, place: u64) -> Option<(u64, u64)> {
    runs.range(..=place).next_back().map(|(start, run)| (*start, run.end()))
}

/// Where the first run starts that starts after this place.
fn run_after(runs: &BTreeMap<u64, Pieces>, place: u64) -> Option<u64> {
    runs.range(place.saturating_add(1)..).next().map(|(start, _)| *start)
}

fn repeated(payload_offset: u64, payload_length: u64, all: bool) -> Refusal {
    if all { Err(Fate::Duplicate) } else { Ok(Rejection::Overlap { payload_offset, payload_length }) }
}
