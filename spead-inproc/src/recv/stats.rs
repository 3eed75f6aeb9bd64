use std::fmt;

/// What a receive stream has counted: spead2's names and numbers (`recv_stream.h`, `recv_stream.cpp`).
///
/// They say how much, not why; the why is in the [`Ledger`](super::Ledger).
///
/// ```
/// use spead_inproc::{Flavour, Harness, Heap, recv::StatMode};
///
/// let harness = Harness::builder().build()?;
/// let rx = harness.receiver();
/// let saturated = rx.add_stat("saturated_samples", StatMode::Counter)?;
/// let before = rx.stats();
/// harness.sender(0).send_heap(&Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 1).build()?)?;
/// rx.next_heap()?;
/// rx.count(saturated, 12);
///
/// let change = rx.stats().diff(&before)?;
/// assert_eq!((change.heaps, change.get("saturated_samples")), (1, Some(12)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Heaps that left the window: complete, evicted or flushed; those that nobody was given included, the one that
    /// stopped the stream not.
    pub heaps: u64,
    /// Heaps that a newer one pushed out.
    pub incomplete_heaps_evicted: u64,
    /// Heaps that were live when the stream stopped.
    pub incomplete_heaps_flushed: u64,
    /// Packets that could be decoded, those then rejected included.
    pub packets: u64,
    /// Times that the reader woke up. In process that is once a packet, decoded or not.
    pub batches: u64,
    /// Most packets in one batch.
    pub max_batch: u64,
    /// Packets that were a whole heap.
    pub single_packet_heaps: u64,
    /// Live heaps looked at to find those that packets belong to.
    pub search_dist: u64,
    /// Times that a background worker found the ring of ready heaps full.
    pub worker_blocked: u64,
    custom: Vec<Custom>,
}

/// How values of a statistic become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatMode {
    /// They are added up.
    Counter,
    /// The largest counts.
    Maximum,
}

/// A statistic of the user's own, by its place after spead2's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatIndex(usize);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Custom {
    name: String,
    mode: StatMode,
    value: u64,
}

impl StatMode {
    fn merge(self, value: u64, other: u64) -> u64 {
        match self {
            Self::Counter => value.saturating_add(other),
            Self::Maximum => value.max(other),
        }
    }

    /// What was added since `earlier`; of a maximum there is only the value now.
    const fn since(self, value: u64, earlier: u64) -> u64 {
        match self {
            Self::Counter => value.saturating_sub(earlier),
            Self::Maximum => value,
        }
    }
}

impl Stats {
    /// The statistics with their names, spead2's in its order, then the user's own.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        let built_in = NAMES.into_iter().zip(self.built_in()).map(|((name, _), value)| (name, value));
        built_in.chain(self.custom())
    }

    /// The user's own statistics with their names.
    pub fn custom(&self) -> impl Iterator<Item = (&str, u64)> {
        self.custom.iter().map(|custom| (custom.name.as_str(), custom.value))
    }

    /// The statistic with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u64> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// What was counted since `earlier`, statistics of the same stream. Of a maximum there is only the value now.
    ///
    /// # Errors
    /// [`StatsMismatch`] if the two do not have the same statistics.
    pub fn diff(&self, earlier: &Self) -> Result<Self, StatsMismatch> {
        self.combine(earlier, StatMode::since)
    }

    /// The statistics of two streams together: counters added up, of maxima the larger.
    ///
    /// # Errors
    /// [`StatsMismatch`] if the two do not have the same statistics.
    pub fn merge(&self, other: &Self) -> Result<Self, StatsMismatch> {
        self.combine(other, StatMode::merge)
    }

    pub(super) fn add_custom(&mut self, name: &str, mode: StatMode) -> Result<StatIndex, DuplicateStat> {
        if self.get(name).is_some() {
            return Err(DuplicateStat { name: name.to_owned() });
        }
        self.custom.push(Custom { name: name.to_owned(), mode, value: 0 });
        Ok(StatIndex(self.custom.len().saturating_sub(1)))
    }

    pub(super) fn count_custom(&mut self, index: StatIndex, value: u64) {
        if let Some(custom) = self.custom.get_mut(index.0) {
            custom.value = custom.mode.merge(custom.value, value);
        }
    }

    fn combine(&self, other: &Self, how: impl Fn(StatMode, u64, u64) -> u64) -> Result<Self, StatsMismatch> {
        for at in 0..self.custom.len().max(other.custom.len()) {
            let (left, right) = (self.custom.get(at), other.custom.get(at));
            let kind = |custom: Option<&Custom>| custom.map(|custom| (custom.name.clone(), custom.mode));
            let (left, right) = (kind(left), kind(right));
            if left != right {
                return Err(StatsMismatch { name: left.or(right).map(|(name, _)| name).unwrap_or_default() });
            }
        }
        let modes = NAMES.into_iter().map(|(_, mode)| mode);
        let values = modes.zip(self.built_in()).zip(other.built_in()).map(|((mode, a), b)| how(mode, a, b));
        let custom = self.custom.iter().zip(&other.custom);
        let custom = custom.map(|(a, b)| Custom { value: how(a.mode, a.value, b.value), ..a.clone() }).collect();
        Ok(Self::from_values(values, custom))
    }

    const fn built_in(&self) -> [u64; NAMES.len()] {
        [
            self.heaps,
            self.incomplete_heaps_evicted,
            self.incomplete_heaps_flushed,
            self.packets,
            self.batches,
            self.max_batch,
            self.single_packet_heaps,
            self.search_dist,
            self.worker_blocked,
        ]
    }

    fn from_values(mut values: impl Iterator<Item = u64>, custom: Vec<Custom>) -> Self {
        let mut next = || values.next().unwrap_or_default();
        Self {
            heaps: next(),
            incomplete_heaps_evicted: next(),
            incomplete_heaps_flushed: next(),
            packets: next(),
            batches: next(),
            max_batch: next(),
            single_packet_heaps: next(),
            search_dist: next(),
            worker_blocked: next(),
            custom,
        }
    }
}

const NAMES: [(&str, StatMode); 9] = [
    ("heaps", StatMode::Counter),
    ("incomplete_heaps_evicted", StatMode::Counter),
    ("incomplete_heaps_flushed", StatMode::Counter),
    ("packets", StatMode::Counter),
    ("batches", StatMode::Counter),
    ("max_batch", StatMode::Maximum),
    ("single_packet_heaps", StatMode::Counter),
    ("search_dist", StatMode::Counter),
    ("worker_blocked", StatMode::Counter),
];

/// There is a statistic with this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is a statistic \"{name}\" already: choose another name")]
#[non_exhaustive]
pub struct DuplicateStat {
    /// The name.
    pub name: String,
}

/// Two sets of statistics that do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "only one of the two has the statistic \"{name}\", or it counts differently, or stands in another place: add the same \
     statistics in the same order to both"
)]
#[non_exhaustive]
pub struct StatsMismatch {
    /// The name of the statistic in the first place where the two differ.
    pub name: String,
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))
    }
}
