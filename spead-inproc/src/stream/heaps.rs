use super::{HeapRing, RecvError, RecvStream};
use crate::{recv::ReceivedHeap, wire::ItemId};

/// The heaps that a stream still receives.
///
/// Ends with the stream; an error other than the end comes out once, and ends the iteration too.
#[derive(Debug)]
pub struct Heaps<'s> {
    stream: &'s RecvStream,
    done: bool,
}

impl RecvStream {
    /// The heaps to come, one by one, until the stream ends.
    #[must_use]
    pub const fn heaps(&self) -> Heaps<'_> {
        Heaps { stream: self, done: false }
    }

    /// The heaps to come that carry data, as [`heaps`](Self::heaps): those with nothing but descriptors or stream control
    /// are passed over.
    pub fn data_heaps(&self) -> impl Iterator<Item = Result<ReceivedHeap, RecvError>> + '_ {
        let control = |heap: &ReceivedHeap| heap.items().iter().all(|item| item.id() <= ItemId::STREAM_CONTROL);
        self.heaps().filter(move |heap| !heap.as_ref().is_ok_and(control))
    }
}

impl Iterator for Heaps<'_> {
    type Item = Result<ReceivedHeap, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        next(&mut self.done, || self.stream.next_heap())
    }
}

impl std::iter::FusedIterator for Heaps<'_> {}

impl<'s> IntoIterator for &'s RecvStream {
    type Item = Result<ReceivedHeap, RecvError>;
    type IntoIter = Heaps<'s>;

    fn into_iter(self) -> Heaps<'s> {
        self.heaps()
    }
}

/// The heaps that come out of a ring; see [`Heaps`].
#[derive(Debug)]
pub struct RingHeaps<'r> {
    ring: &'r HeapRing,
    done: bool,
}

impl HeapRing {
    /// The heaps to come, one by one, until the ring ends.
    #[must_use]
    pub const fn heaps(&self) -> RingHeaps<'_> {
        RingHeaps { ring: self, done: false }
    }
}

impl Iterator for RingHeaps<'_> {
    type Item = Result<ReceivedHeap, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        next(&mut self.done, || self.ring.next_heap())
    }
}

impl std::iter::FusedIterator for RingHeaps<'_> {}

impl<'r> IntoIterator for &'r HeapRing {
    type Item = Result<ReceivedHeap, RecvError>;
    type IntoIter = RingHeaps<'r>;

    fn into_iter(self) -> RingHeaps<'r> {
        self.heaps()
    }
}

fn next(
    done: &mut bool,
    heap: impl FnOnce() -> Result<ReceivedHeap, RecvError>,
) -> Option<Result<ReceivedHeap, RecvError>> {
    if *done {
        return None;
    }
    let next = heap();
    *done = next.is_err();
    match next {
        Err(RecvError::Stopped) => None,
        next => Some(next),
    }
}
