use std::iter::FusedIterator;

use bytes::{Bytes, BytesMut};

use super::{Cutter, Run};
use crate::wire::Segment;

/// The packets of a [`Run`] as flat bytes, one after the other.
#[derive(Debug)]
pub struct FlatPackets<'r> {
    cutter: Cutter<'r>,
    /// One past the last packet.
    end: u32,
    more: Vec<Segment<'r>>,
}

impl<'r> FlatPackets<'r> {
    pub(super) fn new(run: &'r Run) -> Self {
        Self { cutter: Cutter::new(run, Vec::new()), end: run.range().end, more: Vec::new() }
    }
}

impl Iterator for FlatPackets<'_> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let (header, payload) = self.cutter.next(&mut self.more)?;
        let mut packet = BytesMut::with_capacity(header.len() + payload.len());
        packet.extend_from_slice(header);
        payload.segments().for_each(|segment| packet.extend_from_slice(segment.as_slice()));
        Some(packet.freeze())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.cutter.position()..self.end).len();
        (left, Some(left))
    }
}

impl ExactSizeIterator for FlatPackets<'_> {}

impl FusedIterator for FlatPackets<'_> {}
