use std::ops::Range;

use super::Slot;

/// The places of one leaf in an item, in bits from its start, in the order of the value's elements.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    start: u64,
    /// Counts and strides, outermost first. Never a count of 1; no loops at all are one place.
    loops: Vec<(usize, u64)>,
    empty: bool,
}

/// Places at equal distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: u64,
    pub(super) count: usize,
    pub(super) stride: u64,
}

impl Walk {
    /// One place.
    pub(super) const fn at(start: u64) -> Self {
        Self { start, loops: Vec::new(), empty: false }
    }

    /// Elements one after another.
    pub(super) fn contiguous(dimensions: &[usize], bits: u64) -> Self {
        let mut walk = Self::at(0);
        walk.nest(dimensions, bits);
        walk
    }

    /// Elements in Fortran order, walked in C order.
    pub(super) fn fortran(dimensions: &[usize], bits: u64) -> Self {
        let mut walk = Self::at(0);
        walk.empty = dimensions.contains(&0);
        if walk.empty {
            return walk;
        }
        let mut stride = bits;
        for &count in dimensions {
            walk.push(count, stride);
            stride = stride.saturating_mul(count as u64);
        }
        walk
    }

    /// The places of a slot of the records at these places.
    pub(super) fn slot(&self, slot: &Slot) -> Self {
        let mut walk = self.clone();
        walk.start += slot.at;
        walk.nest(&slot.shape, slot.bits);
        walk
    }

    /// The places of equal parts of what stands at these places.
    pub(super) fn into_parts(mut self, count: usize, bits: u64) -> Self {
        self.push(count, bits);
        self
    }

    /// Puts an array of elements at every place.
    fn nest(&mut self, dimensions: &[usize], bits: u64) {
        match super::elements(dimensions.iter()) {
            Some(count) => self.push(count, bits),
            // More than fits in memory cannot have been in the data; whoever walks has checked that it is there.
            None => self.empty = true,
        }
    }

    fn push(&mut self, count: usize, stride: u64) {
        match (count, self.loops.last_mut()) {
            (0, _) => self.empty = true,
            (1, _) => {}
            (_, Some((outer, distance))) if stride.checked_mul(count as u64) == Some(*distance) => {
                *outer *= count;
                *distance = stride;
            }
            _ => self.loops.push((count, stride)),
        }
    }

    /// How many places there are.
    pub(super) fn len(&self) -> usize {
        if self.empty { 0 } else { self.loops.iter().map(|(count, _)| count).product() }
    }

    /// The one run that the places are, if they are.
    pub(super) fn single_run(&self) -> Option<Run> {
        let mut runs = self.runs();
        let first = runs.next().unwrap_or(Run { start: 0, count: 0, stride: 0 });
        runs.next().is_none().then_some(first)
    }

    /// The places as runs.
    pub(super) fn runs(&self) -> impl Iterator<Item = Run> {
        let (inner, outer) = match self.loops.split_last() {
            Some((&inner, outer)) => (inner, outer),
            None => ((1, 0), &[][..]),
        };
        let mut index = vec![0; outer.len()];
        let mut start = self.start;
        let mut left = if self.empty { 0 } else { self.len() / inner.0 };
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let run = Run { start, count: inner.0, stride: inner.1 };
            for (index, &(count, stride)) in index.iter_mut().zip(outer).rev() {
                *index += 1;
                start += stride;
                if *index < count {
                    break;
                }
                start -= stride * count as u64;
                *index = 0;
            }
            Some(run)
        })
    }
}

impl Run {
    /// The places, in bits.
    pub(super) fn places(self) -> impl Iterator<Item = u64> {
        (0..self.count as u64).map(move |at| self.start + at * self.stride)
    }

    /// The places that are left when the first are done.
    pub(super) const fn after(self, done: usize) -> Self {
        Self { start: self.start + done as u64 * self.stride, count: self.count - done, ..self }
    }

    /// Whether elements of so many bits lie side by side, each at a whole byte.
    pub(super) const fn is_packed(self, bits: u64) -> bool {
        (self.stride == bits || self.count <= 1) && self.start.is_multiple_of(8) && bits.is_multiple_of(8)
    }

    /// Whether every place is at a whole byte.
    pub(super) const fn is_bytewise(self) -> bool {
        self.start.is_multiple_of(8) && self.stride.is_multiple_of(8)
    }

    /// The bytes that elements of so many bits take from the first to the last; for runs at whole bytes.
    pub(super) fn bytes(self, bits: u64) -> Range<usize> {
        let start = byte(self.start);
        let end = match self.count {
            0 => self.start,
            count => self.start + (count as u64 - 1) * self.stride + bits,
        };
        start..byte(end)
    }
}

/// The byte in which a bit lies; data is in memory, so its places fit.
pub(super) fn byte(bit: u64) -> usize {
    usize::try_from(bit / 8).unwrap_or(usize::MAX)
}
