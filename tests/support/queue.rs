//! What lies in a queue.

use bytes::Bytes;
use spead_inproc::{
    InprocQueue,
    stream::{PacketSource, Taken},
};

/// Takes out all packets that are queued.
pub fn drain(queue: &InprocQueue) -> Vec<Bytes> {
    let entries = std::iter::from_fn(|| match queue.take() {
        Taken::Entry(entry) => Some(entry.packets()),
        _ => None,
    });
    entries.flatten().collect()
}
