use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::{Entry, PacketSource, Taken, Waiters};
use crate::wire::Packet;

/// A buffer in which packets stand back to back, as a source (spead2 `recv_mem.cpp`).
///
/// It ends at the first thing that is no packet: that goes out as one broken packet, so that the ledger says why.
#[derive(Debug)]
pub struct BufferSource {
    rest: Mutex<Rest>,
    waiters: Waiters,
}

#[derive(Debug)]
struct Rest {
    put_back: Option<Entry>,
    bytes: Bytes,
}

impl BufferSource {
    /// All of `buffer`.
    pub fn new(buffer: impl Into<Bytes>) -> Self {
        Self { rest: Mutex::new(Rest { put_back: None, bytes: buffer.into() }), waiters: Waiters::new() }
    }
}

impl PacketSource for BufferSource {
    fn take(&self) -> Taken {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = rest.put_back.take() {
            return Taken::Entry(entry);
        }
        if rest.bytes.is_empty() {
            return Taken::Ended;
        }
        let size = Packet::parse_prefix(&rest.bytes).map_or(rest.bytes.len(), |(_, size)| size);
        Taken::Entry(rest.bytes.split_to(size).into())
    }

    fn put_back(&self, entry: Entry) {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner).put_back = Some(entry);
    }

    fn waiters(&self) -> &Waiters {
        &self.waiters
    }
}
