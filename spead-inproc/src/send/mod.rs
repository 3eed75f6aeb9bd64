//! From heaps to packets.
//!
//! Knows how a heap is cut, which heap cnt it gets, and how the packets of a run come into being one by one. Must not
//! know where packets go. Invariant: every packet has payload, so that offsets are unique and every loss is visible.

mod cnt;
mod cut;
mod flat_packets;
mod packetizer;
mod reference;
mod run;

pub use cnt::{CntSequence, ZeroStep};
pub(crate) use cut::{Cut, CutRule};
pub use cut::{MIN_PACKET_SIZE, PacketizeError};
pub use flat_packets::FlatPackets;
pub use packetizer::Packetizer;
pub use reference::HeapReference;
pub use run::Run;
pub(crate) use run::{Cutter, ShortHeader};
