use std::ops::Range;

use bytes::Bytes;

/// Some bytes of a buffer, and the whole buffer.
///
/// The whole is kept because a `Bytes` that was sliced cannot be widened again in safe code: two adjacent segments of one
/// buffer join back into one view of it, without a copy.
#[derive(Debug, Clone)]
pub struct Segment<'p> {
    whole: &'p Bytes,
    range: Range<usize>,
}

impl<'p> Segment<'p> {
    /// The bytes `range` of `whole`, cut to what there is.
    #[must_use]
    pub fn new(whole: &'p Bytes, range: Range<usize>) -> Self {
        let end = range.end.min(whole.len());
        Self { whole, range: range.start.min(end)..end }
    }

    /// The buffer that the bytes are in.
    #[must_use]
    pub const fn whole(&self) -> &'p Bytes {
        self.whole
    }

    /// Where in the buffer they are.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// Some of the bytes, counted from the first, as a handle of their own: without a copy.
    pub(crate) fn part(&self, range: Range<u64>) -> Bytes {
        let place =
            |at: u64| usize::try_from(at).unwrap_or(usize::MAX).saturating_add(self.range.start).min(self.range.end);
        let (start, end) = (place(range.start), place(range.end));
        if end <= start {
            return Bytes::new();
        }
        if start == 0 && end == self.whole.len() { self.whole.clone() } else { self.whole.slice(start..end) }
    }

    /// Whether these are all bytes of that very buffer.
    #[inline]
    pub(crate) fn is_all_of(&self, buffer: &Bytes) -> bool {
        self.whole.as_ptr() == buffer.as_ptr() && self.range == (0..buffer.len()) && self.whole.len() == buffer.len()
    }

    /// The bytes themselves.
    #[must_use]
    pub fn as_slice(&self) -> &'p [u8] {
        self.whole.get(self.range.clone()).unwrap_or_default()
    }
}

/// The payload of one packet: references to where its bytes lie, in order.
///
/// One segment, unless the packet straddles items of the heap it was cut from.
#[derive(Debug, Clone)]
pub struct Payload<'p> {
    first: Segment<'p>,
    more: &'p [Segment<'p>],
}

impl<'p> Payload<'p> {
    /// The segments one after the other.
    #[must_use]
    pub const fn new(first: Segment<'p>, more: &'p [Segment<'p>]) -> Self {
        Self { first, more }
    }

    /// No bytes at all.
    #[must_use]
    pub const fn empty() -> Self {
        static EMPTY: Bytes = Bytes::new();
        Self { first: Segment { whole: &EMPTY, range: 0..0 }, more: &[] }
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.more.iter().fold(self.first.len(), |len, segment| len.saturating_add(segment.len()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.segments().all(Segment::is_empty)
    }

    /// The first segment.
    pub(crate) const fn first(&self) -> &Segment<'p> {
        &self.first
    }

    /// The segments after the first.
    pub(crate) const fn more(&self) -> &'p [Segment<'p>] {
        self.more
    }

    /// The segments in order.
    pub fn segments(&self) -> impl Iterator<Item = &Segment<'p>> {
        std::iter::once(&self.first).chain(self.more)
    }
}
