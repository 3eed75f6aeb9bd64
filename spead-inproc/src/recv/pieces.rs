use std::{collections::VecDeque, ops::Range};

use bytes::{Bytes, BytesMut};

use crate::wire::{Payload, Segment};

/// A run of a heap's payload, held as references to where its bytes lie. Neighbours in one buffer are one piece.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pieces: VecDeque<Piece>,
    end: u64,
}

#[derive(Debug)]
struct Piece {
    /// Where it starts in the heap's payload.
    start: u64,
    whole: Bytes,
    range: Range<usize>,
}

impl Pieces {
    /// A run that starts, empty, at this place of the payload.
    pub(super) fn starting_at(start: u64) -> Self {
        Self { pieces: VecDeque::new(), end: start }
    }

    /// Empties the run, keeping its memory, and moves it to the start of a payload.
    pub(super) fn reset(&mut self) {
        // Mostly there is one piece, and `clear` is made for many.
        while self.pieces.pop_back().is_some() {}
        self.end = 0;
    }

    /// Where in the heap's payload the run ends.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    /// Adds the bytes that follow.
    #[inline]
    pub(super) fn push_all(&mut self, payload: &Payload<'_>) {
        self.push(payload.first());
        for segment in payload.more() {
            self.push(segment);
        }
    }

    #[inline(always)]
    fn push(&mut self, segment: &Segment<'_>) {
        if segment.is_empty() {
            return;
        }
        let range = segment.range();
        let start = self.end;
        self.end = self.end.saturating_add(range.len() as u64);
        if let Some(last) = self.pieces.back_mut()
            && last.range.end == range.start
            && same_buffer(&last.whole, segment.whole())
        {
            last.range.end = range.end;
            return;
        }
        self.pieces.push_back(Piece { start, whole: segment.whole().clone(), range });
    }

    /// Adds the bytes `range` of a buffer, which follow and are no neighbours in memory. The buffer stays.
    pub(super) fn push_buffer(&mut self, whole: Bytes, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let start = self.end;
        self.end = self.end.saturating_add(range.len() as u64);
        self.pieces.push_back(Piece { start, whole, range });
    }

    /// Adds a whole run that follows. The smaller of the two is moved.
    pub(super) fn append(&mut self, mut other: Self) {
        self.end = other.end;
        if let Some(last) = self.pieces.back_mut()
            && let Some(first) = other.pieces.front_mut()
            && last.range.end == first.range.start
            && same_buffer(&last.whole, &first.whole)
        {
            last.range.end = first.range.end;
            other.pieces.pop_front();
        }
        if self.pieces.len() >= other.pieces.len() {
            self.pieces.append(&mut other.pieces);
        } else {
            while let Some(piece) = self.pieces.pop_back() {
                other.pieces.push_front(piece);
            }
            self.pieces = other.pieces;
        }
    }

    /// Takes the bytes `range` of the payload out: a view where they lie together, a copy where they do not. No byte may
    /// be asked for twice.
    pub(super) fn take(&mut self, range: Range<u64>) -> Bytes {
        let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0);
        if length == 0 {
            return Bytes::new();
        }
        let first = match self.pieces.len() {
            1 => 0,
            _ => self.pieces.partition_point(|piece| piece.start <= range.start).saturating_sub(1),
        };
        let Some(piece) = self.pieces.get_mut(first) else { return Bytes::new() };
        if piece.end() >= range.end {
            return piece.take(&range);
        }
        let mut bytes = BytesMut::with_capacity(length);
        for piece in self.pieces.range(first..).take_while(|piece| piece.start < range.end) {
            bytes.extend_from_slice(piece.slice(&range));
        }
        bytes.freeze()
    }
}

impl Piece {
    fn end(&self) -> u64 {
        self.start.saturating_add(self.range.len() as u64)
    }

    /// The part of the buffer that `range` of the payload takes.
    fn part(&self, range: &Range<u64>) -> Range<usize> {
        let skip = |to: u64| usize::try_from(to.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let from = self.range.start.saturating_add(skip(range.start)).min(self.range.end);
        let to = self.range.start.saturating_add(skip(range.end)).min(self.range.end);
        from..to.max(from)
    }

    fn slice(&self, range: &Range<u64>) -> &[u8] {
        self.whole.get(self.part(range)).unwrap_or_default()
    }

    fn take(&mut self, range: &Range<u64>) -> Bytes {
        let part = self.part(range);
        if part == (0..self.whole.len()) { std::mem::take(&mut self.whole) } else { self.whole.slice(part) }
    }
}

/// Whether two handles show the same memory. Both are alive, so no other buffer can have taken its place.
fn same_buffer(a: &Bytes, b: &Bytes) -> bool {
    a.as_ptr() == b.as_ptr() && a.len() == b.len()
}
