use bytes::Bytes;

use super::{CutRule, FlatPackets, PacketizeError, Run};
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
    /// Cuts `heap` into packets of at most `max_packet_size` bytes under this heap cnt. (spead2 sends a cnt that its flavour
    /// cannot carry with a spoilt item pointer.)
    ///
    /// # Errors
    /// [`PacketizeError::Cnt`] if the flavour cannot carry the cnt, [`PacketSize`](PacketizeError::PacketSize) if the packets
    /// are too small for any heap, [`Padding`](PacketizeError::Padding) if they are too small for so many items, and
    /// [`TooManyPackets`](PacketizeError::TooManyPackets) if 32 bits do not count them.
    pub fn new(heap: &Heap, cnt: u64, max_packet_size: usize) -> Result<Self, PacketizeError> {
        Self::cut(heap, cnt, max_packet_size, false)
    }

    /// The same with all item pointers in every packet.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`PacketizeError::RepeatPointers`] if the item pointers do not fit one packet.
    pub fn repeating_pointers(heap: &Heap, cnt: u64, max_packet_size: usize) -> Result<Self, PacketizeError> {
        Self::cut(heap, cnt, max_packet_size, true)
    }

    fn cut(heap: &Heap, cnt: u64, max_packet_size: usize, repeat: bool) -> Result<Self, PacketizeError> {
        let cnt = HeapCnt::new(cnt, heap.flavour())?;
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
    pub fn iter(&self) -> FlatPackets<'_> {
        self.run.packets()
    }
}

impl<'p> IntoIterator for &'p Packetizer {
    type Item = Bytes;
    type IntoIter = FlatPackets<'p>;

    fn into_iter(self) -> FlatPackets<'p> {
        self.iter()
    }
}
