use std::{
    fmt,
    sync::{Arc, Weak},
};

use bytes::Bytes;

use super::{Select, link::Link};
use crate::{
    heap::Origin,
    recv::{PlannedAct, PlannedPacket},
    wire::{HeapCnt, ItemId, Packet},
};

/// What happens to packets on their way: rules, of which the first that matches a packet decides.
///
/// ```
/// use spead_inproc::{Flavour, Harness, Heap, harness::{Faults, Select}};
///
/// let faults = Faults::new().drop("heap 1 is lost", Select::all().heaps([1]));
/// let harness = Harness::builder().faults(faults).build()?;
/// for time in 0..3 {
///     harness.sender(0).send_heap(&Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, time).build()?)?;
/// }
/// let expected = harness.expected(0x1600, 0x1600);
/// let heaps = harness.receiver().collect()?;
/// assert_eq!(heaps.len(), 2);
/// assert_eq!(expected.found_in(&heaps), expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub(super) name: Arc<str>,
    pub(super) select: Select,
    pub(super) act: Act,
}

/// What a rule does to a packet.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Act {
    /// It never arrives.
    Drop,
    /// It arrives twice.
    Duplicate,
    /// It waits until so many later packets of its sender have gone by; until the queue is stopped, if fewer come.
    Delay(u64),
    /// It changes places with the next packet of its sender that this selects: the first with the first, and so on.
    Swap(Select),
    /// One of its bits is flipped: bit 0 is the most significant of its first byte. Beyond its end: none.
    FlipBit(usize),
    /// The lowest bit of a field of its header is flipped.
    Corrupt(Field),
    /// Only so many of its bytes arrive.
    Truncate(usize),
    /// Foreign bytes arrive before it.
    Inject(Bytes),
}

/// A field of a packet's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// The byte that every packet starts with.
    Magic,
    /// The version of the protocol.
    Version,
    /// The number of item pointers.
    Pointers,
    /// Which heap it belongs to.
    HeapCnt,
    /// How long its heap is.
    HeapLength,
    /// Where its payload starts.
    PayloadOffset,
    /// How long its payload is.
    PayloadLength,
    /// The value of an immediate item, or the place of an addressed one.
    Item(u64),
}

impl Faults {
    /// No rules yet; a harness that is built with this can get some later.
    #[must_use]
    pub const fn new() -> Self {
        Self { rules: Vec::new() }
    }

    /// One more rule, after the others; the name is for reports.
    #[must_use]
    pub fn rule(mut self, name: impl Into<Arc<str>>, select: Select, act: Act) -> Self {
        self.rules.push(Rule { name: name.into(), select, act });
        self
    }

    /// [`Act::Drop`].
    #[must_use]
    pub fn drop(self, name: impl Into<Arc<str>>, select: Select) -> Self {
        self.rule(name, select, Act::Drop)
    }

    /// [`Act::Duplicate`].
    #[must_use]
    pub fn duplicate(self, name: impl Into<Arc<str>>, select: Select) -> Self {
        self.rule(name, select, Act::Duplicate)
    }

    /// [`Act::Delay`].
    #[must_use]
    pub fn delay(self, name: impl Into<Arc<str>>, select: Select, packets: u64) -> Self {
        self.rule(name, select, Act::Delay(packets))
    }

    /// [`Act::Swap`].
    #[must_use]
    pub fn swap(self, name: impl Into<Arc<str>>, select: Select, with: Select) -> Self {
        self.rule(name, select, Act::Swap(with))
    }

    /// [`Act::Truncate`].
    #[must_use]
    pub fn truncate(self, name: impl Into<Arc<str>>, select: Select, bytes: usize) -> Self {
        self.rule(name, select, Act::Truncate(bytes))
    }

    /// [`Act::Inject`].
    #[must_use]
    pub fn inject(self, name: impl Into<Arc<str>>, select: Select, bytes: impl Into<Bytes>) -> Self {
        self.rule(name, select, Act::Inject(bytes.into()))
    }

    pub(super) const fn of(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// The same plan with other chances.
    pub(super) fn reseeded(self, seed: u64) -> Self {
        let reseed = |Rule { name, select, act }| {
            let act = match act {
                Act::Swap(with) => Act::Swap(with.reseeded(seed)),
                act => act,
            };
            Rule { name, select: select.reseeded(seed), act }
        };
        Self { rules: self.rules.into_iter().map(reseed).collect() }
    }

    pub(super) fn into_rules(self) -> Vec<Rule> {
        self.rules
    }
}

impl Act {
    /// What ledgers and reports call it.
    pub(super) const fn planned(&self) -> PlannedAct {
        match self {
            Self::Drop => PlannedAct::Dropped,
            Self::Duplicate => PlannedAct::Duplicated,
            Self::Delay(_) => PlannedAct::Delayed,
            Self::Swap(_) => PlannedAct::Swapped,
            Self::FlipBit(_) | Self::Corrupt(_) => PlannedAct::Corrupted,
            Self::Truncate(_) => PlannedAct::Truncated,
            Self::Inject(_) => PlannedAct::Preceded,
        }
    }

    /// Whether it changes the order of a sender's packets.
    pub(super) const fn reorders(&self) -> bool {
        matches!(self, Self::Delay(_) | Self::Swap(_))
    }

    /// The packet as it arrives.
    pub(super) fn damage(&self, packet: &Bytes) -> Bytes {
        let (at, mask) = match self {
            Self::Truncate(bytes) => return packet.slice(..packet.len().min(*bytes)),
            Self::FlipBit(bit) => (Some(bit / 8), 0x80 >> (bit % 8)),
            Self::Corrupt(field) => (field.place(packet), 1),
            _ => return packet.clone(),
        };
        let mut damaged = packet.to_vec();
        if let Some(byte) = at.and_then(|at| damaged.get_mut(at)) {
            *byte ^= mask;
        }
        damaged.into()
    }
}

impl Field {
    /// The byte that holds its lowest bit.
    fn place(self, packet: &Bytes) -> Option<usize> {
        let id = match self {
            Self::Magic => return Some(0),
            Self::Version => return Some(1),
            Self::Pointers => return Some(7),
            Self::HeapCnt => ItemId::HEAP_CNT.get(),
            Self::HeapLength => ItemId::HEAP_LENGTH.get(),
            Self::PayloadOffset => ItemId::PAYLOAD_OFFSET.get(),
            Self::PayloadLength => ItemId::PAYLOAD_LENGTH.get(),
            Self::Item(id) => id,
        };
        let place = Packet::parse(packet).ok()?.item_pointers().position(|pointer| pointer.id() == id)?;
        Some(8 + 8 * place + 7)
    }
}

/// As it is written in a test.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults::new()")?;
        for Rule { name, select, act } in &self.rules {
            match act {
                Act::Drop => write!(f, "\n    .drop({name:?}, {select})")?,
                Act::Duplicate => write!(f, "\n    .duplicate({name:?}, {select})")?,
                Act::Delay(packets) => write!(f, "\n    .delay({name:?}, {select}, {packets})")?,
                Act::Swap(with) => write!(f, "\n    .swap({name:?}, {select}, {with})")?,
                Act::Truncate(bytes) => write!(f, "\n    .truncate({name:?}, {select}, {bytes})")?,
                Act::FlipBit(bit) => write!(f, "\n    .rule({name:?}, {select}, Act::FlipBit({bit}))")?,
                Act::Corrupt(field) => write!(f, "\n    .rule({name:?}, {select}, Act::Corrupt(Field::{field:?}))")?,
                Act::Inject(bytes) => write!(f, "\n    .inject({name:?}, {select}, {:?}.to_vec())", bytes.to_vec())?,
            }
        }
        Ok(())
    }
}

/// A rule that ends when this is dropped. Made by [`Harness::fault`](super::Harness::fault).
#[derive(Debug)]
#[must_use = "the rule ends when this is dropped"]
pub struct FaultGuard {
    pub(super) link: Weak<Link>,
    pub(super) id: u64,
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        if let Some(link) = self.link.upgrade() {
            link.end_rule(self.id);
        }
    }
}

/// Something that the fault plan did to a packet.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Done {
    /// The name of the rule.
    pub rule: Arc<str>,
    /// What it did.
    pub act: Act,
    /// Whose packet it was, counted from 0.
    pub sender: usize,
    /// Its heap, counted from 0 as the sender sends them.
    pub heap: u64,
    /// Its heap's cnt.
    pub cnt: HeapCnt,
    /// Its place in the heap, counted from 0.
    pub packet: u32,
}

impl Done {
    /// The same as ledgers have it.
    pub(super) fn planned(&self) -> PlannedPacket {
        let origin = Origin::sender(u32::try_from(self.sender).unwrap_or(u32::MAX));
        PlannedPacket::new(Arc::clone(&self.rule), self.act.planned(), origin, self.cnt, self.packet)
    }

    /// A rule that does the same to this packet alone.
    pub(super) fn exactly(&self) -> Rule {
        let select = Select::all().senders([self.sender]).heaps([self.heap]).packets([self.packet]);
        Rule { name: Arc::clone(&self.rule), select, act: self.act.clone() }
    }
}
