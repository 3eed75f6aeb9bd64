use std::fmt;

use super::Flavour;

/// The number that tells the heaps of a stream apart (item 0x01 of every packet).
///
/// At most `2^XX − 1` in flavour `SPEAD-64-XX`. Written in hexadecimal wherever it is shown, as the field does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeapCnt(u64);

impl HeapCnt {
    /// The heap cnt `cnt` of a heap in this flavour.
    ///
    /// # Errors
    /// [`HeapCntError`] if it needs more bits than the flavour's addresses have.
    pub const fn new(cnt: u64, flavour: Flavour) -> Result<Self, HeapCntError> {
        if cnt > flavour.max_immediate() { Err(HeapCntError { cnt, flavour }) } else { Ok(Self(cnt)) }
    }

    /// The low bits of `cnt` that fit the flavour: how an automatic sequence wraps.
    pub(crate) const fn wrapped(cnt: u64, flavour: Flavour) -> Self {
        Self(cnt & flavour.max_immediate())
    }

    /// As a plain number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl From<HeapCnt> for u64 {
    fn from(cnt: HeapCnt) -> Self {
        cnt.0
    }
}

impl PartialEq<u64> for HeapCnt {
    fn eq(&self, other: &u64) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for HeapCnt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Debug for HeapCnt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A heap cnt that its flavour cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "heap cnt {cnt:#x} does not fit {flavour}, whose largest is {:#x}: choose a smaller cnt or a wider flavour",
    flavour.max_immediate()
)]
#[non_exhaustive]
pub struct HeapCntError {
    /// The heap cnt that was asked for.
    pub cnt: u64,
    /// The flavour of the heap.
    pub flavour: Flavour,
}
