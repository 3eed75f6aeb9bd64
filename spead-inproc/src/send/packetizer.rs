use bytes::Bytes;

use super::{CutRule, PacketizeError, Run};
use crate::{
    heap::{Heap, Origin},
    wire::HeapCnt,
};

/// A heap cut into packets, as flat bytes for a socket, a file or a test (spead2 `PacketGenerator`).
///
/// ```
/// use spead_inproc::{Flavour, Heap, Packetizer};
///
/// let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![0; 65536]).build()?;
/// let packets = Packetizer::new(&heap, 1, 1472)?;
/// assert_eq!(packets.len(), 46);
/// assert_eq!(packets.iter().map(|packet| packet.len()).sum::<usize>(), 67_384);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Packetizer {
    run: Run,
}

impl Packetizer {
    /// Cuts `heap` into packets of at most `max_packet_size` bytes under this heap cnt, taken modulo the flavour's largest.
    ///
    /// # Errors
    /// [`PacketizeError`] if the packets are too small.
    pub fn new(heap: &Heap, cnt: u64, max_packet_size: usize) -> Result<Self, PacketizeError> {
        Self::cut(heap, cnt, max_packet_size, false)
    }

    /// The same with all item pointers in every packet.
    ///
    /// # Errors
    /// [`PacketizeError`] if the packets are too small.
    pub fn repeating_pointers(heap: &Heap, cnt: u64, max_packet_size: usize) -> Result<Self, PacketizeError> {
        Self::cut(heap, cnt, max_packet_size, true)
    }

    fn cut(heap: &Heap, cnt: u64, max_packet_size: usize, repeat: bool) -> Result<Self, PacketizeError> {
        let cnt = HeapCnt::wrapped(cnt, heap.flavour());
        let (run, _) = Run::new(heap, cnt, CutRule::new(max_packet_size, repeat)?, Origin::FOREIGN)?;
        Ok(Self { run })
    }

    /// How many packets the heap makes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.run.len()
    }

    /// Never: even an empty heap makes a packet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.run.is_empty()
    }

    /// The packets in order.
    pub fn iter(&self) -> impl Iterator<Item = Bytes> + '_ {
        self.run.packets()
    }
}
