use super::{HeapRing, RecvError, RecvStream};
use crate::{recv::ReceivedHeap, wire::ItemId};

/// The heaps that a stream still receives, or that still come out of a ring.
///
/// Ends with the stream or the ring; an error other than the end comes out once, and ends the iteration too.
#[derive(Debug)]
pub struct Heaps<'s> {
    source: Source<'s>,
    done: bool,
}

#[derive(Debug, Clone, Copy)]
enum Source<'s> {
    Stream(&'s RecvStream),
    Ring(&'s HeapRing),
}

impl RecvStream {
    /// The heaps to come, one by one, until the stream ends.
    #[must_use]
    pub const fn heaps(&self) -> Heaps<'_> {
        Heaps { source: Source::Stream(self), done: false }
    }

    /// The heaps to come that carry data, as [`heaps`](Self::heaps): those with nothing but descriptors or stream control
    /// are passed over.
    pub fn data_heaps(&self) -> impl Iterator<Item = Result<ReceivedHeap, RecvError>> + '_ {
        let control = |heap: &ReceivedHeap| heap.items().iter().all(|item| item.id() <= ItemId::STREAM_CONTROL);
        self.heaps().filter(move |heap| !heap.as_ref().is_ok_and(control))
    }
}

impl HeapRing {
    /// The heaps to come, one by one, until the ring ends.
    #[must_use]
    pub const fn heaps(&self) -> Heaps<'_> {
        Heaps { source: Source::Ring(self), done: false }
    }
}

impl Iterator for Heaps<'_> {
    type Item = Result<ReceivedHeap, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = match self.source {
            Source::Stream(stream) => stream.next_heap(),
            Source::Ring(ring) => ring.next_heap(),
        };
        self.done = next.is_err();
        match next {
            Err(RecvError::Stopped) => None,
            next => Some(next),
        }
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

impl<'r> IntoIterator for &'r HeapRing {
    type Item = Result<ReceivedHeap, RecvError>;
    type IntoIter = Heaps<'r>;

    fn into_iter(self) -> Heaps<'r> {
        self.heaps()
    }
}
