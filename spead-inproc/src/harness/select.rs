use std::{collections::BTreeSet, fmt};

use super::seed;
use crate::{
    heap::{Heap, Item},
    wire::HeapCnt,
};

/// Which packets a rule is for: those that meet all conditions.
///
/// ```
/// use spead_inproc::harness::Select;
///
/// let select = Select::all().senders([1]).items(0x1600, [0, 4096]).packets(2..4);
/// assert_eq!(select.to_string(), "Select::all().senders([1]).items(0x1600, [0, 4096]).packets([2, 3])");
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Select {
    senders: Option<BTreeSet<usize>>,
    heaps: Option<BTreeSet<u64>>,
    cnts: Option<BTreeSet<u64>>,
    packets: Option<BTreeSet<u32>>,
    items: Vec<(u64, BTreeSet<u64>)>,
    chance: Option<(f64, u64)>,
}

/// What a rule can see of a packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'h> {
    pub(super) sender: usize,
    /// How many heaps the sender had sent before.
    pub(super) heap: u64,
    pub(super) cnt: HeapCnt,
    pub(super) packet: u32,
    pub(super) content: &'h Heap,
}

impl Select {
    /// Every packet.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those of these senders, counted from 0.
    #[must_use]
    pub fn senders(self, senders: impl IntoIterator<Item = usize>) -> Self {
        Self { senders: Some(senders.into_iter().collect()), ..self }
    }

    /// Only those of these heaps, counted from 0 as their sender sends them.
    #[must_use]
    pub fn heaps(self, heaps: impl IntoIterator<Item = u64>) -> Self {
        Self { heaps: Some(heaps.into_iter().collect()), ..self }
    }

    /// Only those of heaps with these cnts.
    #[must_use]
    pub fn cnts(self, cnts: impl IntoIterator<Item = u64>) -> Self {
        Self { cnts: Some(cnts.into_iter().collect()), ..self }
    }

    /// Only those of heaps in which an item has one of these values; may be said for several items.
    #[must_use]
    pub fn items(mut self, id: u64, values: impl IntoIterator<Item = u64>) -> Self {
        self.items.push((id, values.into_iter().collect()));
        self
    }

    /// Only those in these places of their heap, counted from 0.
    #[must_use]
    pub fn packets(self, packets: impl IntoIterator<Item = u32>) -> Self {
        Self { packets: Some(packets.into_iter().collect()), ..self }
    }

    /// Only with this probability, 0 to 1: decided by the seed and the packet alone, so that no order changes it.
    #[must_use]
    pub fn chance(self, probability: f64, seed: u64) -> Self {
        Self { chance: Some((probability, seed)), ..self }
    }

    /// The same with other chances.
    pub(super) fn reseeded(mut self, seed: u64) -> Self {
        self.chance = self.chance.map(|(probability, own)| (probability, seed::number(seed, &[own])));
        self
    }

    /// Whether packets of this heap may be meant.
    pub(super) fn may_match(&self, seen: &Seen<'_>) -> bool {
        let has = |(id, values): &(u64, BTreeSet<u64>)| value(seen.content, *id).is_some_and(|it| values.contains(&it));
        self.senders.as_ref().is_none_or(|senders| senders.contains(&seen.sender))
            && self.heaps.as_ref().is_none_or(|heaps| heaps.contains(&seen.heap))
            && self.cnts.as_ref().is_none_or(|cnts| cnts.contains(&seen.cnt.get()))
            && self.items.iter().all(has)
    }

    /// Whether this packet is meant.
    pub(super) fn matches(&self, seen: &Seen<'_>) -> bool {
        self.packets.as_ref().is_none_or(|packets| packets.contains(&seen.packet))
            && self.may_match(seen)
            && self.chance.is_none_or(|(probability, seed)| {
                seed::fraction(seed, &[seen.sender as u64, seen.heap, u64::from(seen.packet)]) < probability
            })
    }
}

/// The number that an item holds: an immediate, or at most eight bytes, most significant first.
pub(super) fn value(heap: &Heap, id: u64) -> Option<u64> {
    number(heap.items().iter().find(|item| item.id() == id)?)
}

fn number(item: &Item) -> Option<u64> {
    if let Some(value) = item.as_immediate() {
        return Some(value);
    }
    let bytes = item.bytes();
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// As it is written in a test.
impl fmt::Display for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Select::all()")?;
        if let Some(senders) = &self.senders {
            write!(f, ".senders({})", List(senders))?;
        }
        if let Some(heaps) = &self.heaps {
            write!(f, ".heaps({})", List(heaps))?;
        }
        if let Some(cnts) = &self.cnts {
            write!(f, ".cnts({})", List(cnts))?;
        }
        self.items.iter().try_for_each(|(id, values)| write!(f, ".items({id:#06x}, {})", List(values)))?;
        if let Some(packets) = &self.packets {
            write!(f, ".packets({})", List(packets))?;
        }
        self.chance.map_or(Ok(()), |(probability, seed)| write!(f, ".chance({probability:?}, {seed})"))
    }
}

struct List<'a, T>(&'a BTreeSet<T>);

impl<T: fmt::Display> fmt::Display for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (at, each) in self.0.iter().enumerate() {
            write!(f, "{}{each}", if at > 0 { ", " } else { "" })?;
        }
        f.write_str("]")
    }
}
