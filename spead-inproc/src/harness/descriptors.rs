use std::fmt;

use crate::descriptor::Descriptor;

/// When receivers learn what items mean.
///
/// Senders send their descriptors as they like; this is what becomes of them on the way. It is the same for each sender by
/// itself, and counts the heaps that carry data: not those with nothing but descriptors or stream control. Descriptors that
/// travel in a heap with data are taken out of it; what is sent instead, or again, is a heap of descriptors alone, with a
/// cnt in the upper half of the flavour's range. A heap of which a group sends packet by packet keeps its descriptors.
///
/// ```
/// use spead_inproc::{Descriptor, Flavour, Harness, ItemGroup, Value, harness::Descriptors};
///
/// let harness = Harness::builder().descriptors(Descriptors::late(2)).build()?;
/// let mut sent = ItemGroup::new(Flavour::SPEAD_64_48);
/// sent.add(Descriptor::new(0x1600, "timestamp", "ADC samples").format("u48"), Value::from(0_u64))?;
/// for time in 0..3_u64 {
///     sent.set("timestamp", time)?;
///     harness.sender(0).send_heap(&sent.heap()?)?;
/// }
/// let mut received = ItemGroup::new(Flavour::SPEAD_64_48);
/// let mut known = Vec::new();
/// for heap in harness.receiver().collect()? {
///     known.push(received.update(&heap)?.names().len());
/// }
/// assert_eq!(known, [0, 0, 0, 1]); // two heaps that nobody understands, the descriptors, and one that everybody does
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Descriptors(pub(super) Policy);

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Policy {
    #[default]
    First,
    Late(u64),
    Lost,
    Every(u64),
    Changed(u64, Vec<Descriptor>),
}

impl Descriptors {
    /// As they are sent: in the field, before all data. The default.
    #[must_use]
    pub const fn first() -> Self {
        Self(Policy::First)
    }

    /// After so many heaps of data; never, if fewer come.
    #[must_use]
    pub const fn late(heaps: u64) -> Self {
        Self(Policy::Late(heaps))
    }

    /// Never.
    #[must_use]
    pub const fn lost() -> Self {
        Self(Policy::Lost)
    }

    /// As they are sent, and all of them again after every so many heaps of data: who joins late can catch up.
    #[must_use]
    pub const fn every(heaps: u64) -> Self {
        Self(Policy::Every(if heaps == 0 { 1 } else { heaps }))
    }

    /// As they are sent, and other ones after so many heaps of data, which go on as before.
    #[must_use]
    pub fn changed(heaps: u64, to: impl IntoIterator<Item = Descriptor>) -> Self {
        Self(Policy::Changed(heaps, to.into_iter().collect()))
    }

    /// Whether they are left alone.
    pub(super) const fn is_first(&self) -> bool {
        matches!(self.0, Policy::First)
    }
}

impl fmt::Display for Descriptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Policy::First => f.write_str("as sent"),
            Policy::Late(heaps) => write!(f, "late, after {heaps} heaps of data"),
            Policy::Lost => f.write_str("lost"),
            Policy::Every(heaps) => write!(f, "again after every {heaps} heaps of data"),
            Policy::Changed(heaps, to) => {
                let names: Vec<&str> = to.iter().map(Descriptor::name).collect();
                write!(f, "changed after {heaps} heaps of data: {}", names.join(", "))
            }
        }
    }
}
