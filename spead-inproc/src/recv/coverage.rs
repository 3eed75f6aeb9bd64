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

    /// Takes a packet's payload, or says why not (spead2 `recv_live_heap.cpp`).
    #[inline(always)]
    pub(super) fn add(&mut self, packet: &Packet<'_>) -> Result<(), Refusal> {
        let (start, length) = (packet.payload_offset(), packet.payload_length());
        let end = start.saturating_add(length);
        match self {
            Self::InOrder(pieces) => {
                let received = pieces.end();
                if start > received {
                    return Err(Ok(Rejection::Gap { payload_offset: start, received }));
                }
                if start < received {
                    return Err(repeated(start, length, end <= received));
                }
                pieces.push_all(packet.payload());
            }
            Self::AnyOrder(runs) => add_any_order(runs, packet, start..end)?,
        }
        Ok(())
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

fn add_any_order(runs: &mut BTreeMap<u64, Pieces>, packet: &Packet<'_>, range: Range<u64>) -> Result<(), Refusal> {
    let Range { start, end } = range;
    let length = packet.payload_length();
    let next = runs.range(start.saturating_add(1)..).next().map(|(start, _)| *start);
    if next.is_some_and(|next| next < end) {
        return Err(repeated(start, length, false));
    }
    let previous = runs.range_mut(..=start).next_back().filter(|(_, run)| run.end() >= start);
    let (key, run) = match previous {
        Some((_, run)) if run.end() > start => return Err(repeated(start, length, end <= run.end())),
        Some((key, run)) => (*key, run),
        None => (start, runs.entry(start).or_insert_with(|| Pieces::starting_at(start))),
    };
    run.push_all(packet.payload());
    if next == Some(end)
        && let Some(following) = runs.remove(&end)
        && let Some(run) = runs.get_mut(&key)
    {
        run.append(following);
    }
    Ok(())
}

fn repeated(payload_offset: u64, payload_length: u64, all: bool) -> Refusal {
    if all { Err(Fate::Duplicate) } else { Ok(Rejection::Overlap { payload_offset, payload_length }) }
}
