use crate::wire::{Flavour, HeapCnt};

/// The heap cnts that a stream gives to heaps that do not bring their own: `next`, `next + step`, …
///
/// The sequence is 64 bits wide and wraps; each heap uses its low bits, as many as its flavour has
/// (spead2 `send_stream.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CntSequence {
    next: u64,
    step: u64,
}

impl CntSequence {
    /// Starts at `next` and goes up by `step`.
    ///
    /// # Errors
    /// [`ZeroStep`] if all heaps would get the same cnt.
    pub const fn new(next: u64, step: u64) -> Result<Self, ZeroStep> {
        if step == 0 { Err(ZeroStep) } else { Ok(Self { next, step }) }
    }

    /// The sequence of sender `index` of `count`, in which no two senders ever meet: `index + 1`, `index + 1 + count`, …
    #[must_use]
    pub const fn interleaved(index: u32, count: u32) -> Self {
        let step = if count == 0 { 1 } else { count };
        Self { next: index as u64 + 1, step: step as u64 }
    }

    /// The heap cnt of the next heap of this flavour, and the sequence after it.
    #[must_use]
    pub const fn advance(self, flavour: Flavour) -> (HeapCnt, Self) {
        (HeapCnt::wrapped(self.next, flavour), Self { next: self.next.wrapping_add(self.step), step: self.step })
    }
}

impl Default for CntSequence {
    fn default() -> Self {
        Self { next: 1, step: 1 }
    }
}

/// A sequence of heap cnts that does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a heap cnt step of 0 gives all heaps the same cnt: use at least 1")]
#[non_exhaustive]
pub struct ZeroStep;
