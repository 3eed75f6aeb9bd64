//! What goes wrong, as events of the `tracing` facade: with the feature `tracing`, and only where a packet or heap was lost.

use crate::{
    heap::Origin,
    recv::{Event, Outcome},
    wire::HeapCnt,
};

/// A packet that did not become part of its heap, at level INFO.
#[cfg(feature = "tracing")]
pub(super) fn packet(origin: Origin, cnt: Option<HeapCnt>, outcome: Outcome) {
    let heap = cnt.map_or_else(|| "none".to_owned(), |cnt| cnt.to_string());
    match outcome {
        Outcome::Accepted | Outcome::Stopped => {}
        Outcome::Rejected(reason) => tracing::info!(%origin, heap, %reason, "packet rejected"),
        Outcome::Duplicate => tracing::info!(%origin, heap, "packet is a duplicate"),
        Outcome::Late => tracing::info!(%origin, heap, "packet came after its heap was evicted"),
    }
}

/// A heap that is incomplete, at level WARN.
#[cfg(feature = "tracing")]
pub(super) fn event(event: &Event) {
    if let Event::Incomplete(heap) = event {
        let (cnt, origin, ending) = (heap.cnt(), heap.origin(), heap.ending());
        tracing::warn!(%cnt, %origin, ?ending, received = heap.received_length(), "heap is incomplete");
    }
}

/// Nothing.
#[cfg(not(feature = "tracing"))]
pub(super) const fn packet(_: Origin, _: Option<HeapCnt>, _: Outcome) {}

/// Nothing.
#[cfg(not(feature = "tracing"))]
pub(super) const fn event(_: &Event) {}
