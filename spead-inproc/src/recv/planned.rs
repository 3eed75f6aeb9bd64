use std::{fmt, sync::Arc};

use crate::{heap::Origin, wire::HeapCnt};

/// Something that a test's fault plan did to a packet before it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedPacket {
    /// The name of the rule that did it.
    pub rule: Arc<str>,
    /// What it did.
    pub act: PlannedAct,
    /// Whose packet it was.
    pub origin: Origin,
    /// Its heap's cnt.
    pub cnt: HeapCnt,
    /// Its place in the heap, counted from 0.
    pub packet: u32,
}

/// What a rule of a fault plan did to a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlannedAct {
    /// It never arrives: its fate is [`Fate::Dropped`](super::Fate::Dropped).
    Dropped,
    /// It arrives twice, and each has a fate.
    Duplicated,
    /// It arrives later.
    Delayed,
    /// It changes places with another.
    Swapped,
    /// Some of its bits are wrong.
    Corrupted,
    /// Not all of its bytes arrive.
    Truncated,
    /// Foreign bytes arrive before it.
    Preceded,
}

impl PlannedAct {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Duplicated => "duplicated",
            Self::Delayed => "delayed",
            Self::Swapped => "swapped",
            Self::Corrupted => "corrupted",
            Self::Truncated => "truncated",
            Self::Preceded => "preceded by foreign bytes",
        }
    }
}

impl PlannedPacket {
    pub(crate) const fn new(rule: Arc<str>, act: PlannedAct, origin: Origin, cnt: HeapCnt, packet: u32) -> Self {
        Self { rule, act, origin, cnt, packet }
    }
}

impl fmt::Display for PlannedPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, act, origin, packet, .. } = self;
        write!(f, "packet {packet} from {origin} was {} by plan ({rule})", act.name())
    }
}

/// A line for each rule that did something, and sender.
pub(super) struct ByRule<'p>(pub(super) &'p [PlannedPacket]);

impl fmt::Display for ByRule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sums: Vec<(&PlannedPacket, u64)> = Vec::new();
        for packet in self.0 {
            let same = |other: &PlannedPacket| {
                (&other.rule, other.act, other.origin) == (&packet.rule, packet.act, packet.origin)
            };
            match sums.iter_mut().find(|(other, _)| same(other)) {
                Some((_, packets)) => *packets = packets.saturating_add(1),
                None => sums.push((packet, 1)),
            }
        }
        for (PlannedPacket { rule, act, origin, .. }, packets) in sums {
            writeln!(f, "  {} by plan: {packets} from {origin} ({rule})", act.name())?;
        }
        Ok(())
    }
}
