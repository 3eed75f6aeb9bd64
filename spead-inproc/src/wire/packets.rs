use bytes::{Buf, Bytes};

use super::{Packet, PacketError};

/// The packets of a buffer in which they stand back to back, as a recording holds them.
///
/// Each is a view of the buffer. The first thing that is no packet ends the iteration with a [`BrokenBuffer`], for
/// nothing says where the next packet would start (spead2 `recv_mem.cpp` stops there too).
///
/// ```
/// use spead_inproc::wire::Packets;
///
/// let mut packets = Packets::new("not SPEAD at all");
/// let broken = packets.next().unwrap().unwrap_err();
/// assert_eq!(broken.at, 0);
/// assert!(packets.next().is_none());
/// ```
#[derive(Debug, Clone)]
pub struct Packets {
    rest: Bytes,
    at: u64,
}

impl Packets {
    /// Starts at the beginning of `buffer`.
    pub fn new(buffer: impl Into<Bytes>) -> Self {
        Self { rest: buffer.into(), at: 0 }
    }
}

impl Iterator for Packets {
    type Item = Result<Bytes, BrokenBuffer>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match Packet::parse_prefix(&self.rest) {
            Ok((_, size)) => {
                self.at = self.at.saturating_add(size as u64);
                Some(Ok(self.rest.split_to(size)))
            }
            Err(reason) => {
                self.rest.advance(self.rest.len());
                Some(Err(BrokenBuffer { at: self.at, reason }))
            }
        }
    }
}

impl std::iter::FusedIterator for Packets {}

/// A buffer of packets holds something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no SPEAD packet at byte {at}: {reason}")]
#[non_exhaustive]
pub struct BrokenBuffer {
    /// Where the next packet should have started, in bytes from the start of the buffer.
    pub at: u64,
    /// What is wrong there.
    #[source]
    pub reason: PacketError,
}
