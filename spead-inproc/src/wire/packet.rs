use std::ops::Range;

use bytes::Bytes;

use super::{Flavour, HeapCnt, ItemId, ItemPointer, Payload, Segment};

/// Bytes before the item pointers.
pub(crate) const HEADER_BYTES: usize = 8;
/// Bytes of an item pointer.
pub(crate) const POINTER_BYTES: usize = 8;
/// Heap cnt, heap length, payload offset, payload length: in every packet that we write.
pub(crate) const SPECIAL_POINTERS: usize = 4;
/// What the 16-bit count of item pointers can say.
pub(crate) const MAX_POINTERS: usize = 0xffff;

/// Words of eight bytes before the item pointers of the heap.
pub(crate) const HEADER_WORDS: usize = 1 + SPECIAL_POINTERS;
/// Item pointers of the heap that most packets have no more of.
pub(crate) const FEW_POINTERS: usize = 8;

const MAGIC: u8 = 0x53;
const VERSION: u8 = 4;
const WORD: u8 = 8;

/// One packet, parsed and found valid.
///
/// | bytes | field |
/// |---|---|
/// | 0 | magic 0x53 |
/// | 1 | version 4 |
/// | 2, 3 | bytes of an item id, bytes of a heap address: together 8 |
/// | 4, 5 | reserved: ignored |
/// | 6, 7 | number `n` of item pointers |
/// | 8 … 8 + 8n | item pointers |
/// | then | payload |
///
/// The rules and their order are those of spead2's `recv_packet.cpp`.
///
/// ```
/// use bytes::Bytes;
/// use spead_inproc::wire::{Packet, PacketError};
///
/// let bytes = Bytes::from_static(&[
///     0x53, 4, 2, 6, 0, 0, 0, 4, // SPEAD-64-48, four item pointers
///     0x80, 1, 0, 0, 0, 0, 0, 7, // heap cnt 7
///     0x80, 2, 0, 0, 0, 0, 0, 2, // heap length 2
///     0x80, 3, 0, 0, 0, 0, 0, 0, // payload offset 0
///     0x80, 4, 0, 0, 0, 0, 0, 2, // payload length 2
///     0xaa, 0xbb,
/// ]);
/// let packet = Packet::parse(&bytes)?;
/// assert_eq!(packet.cnt(), 7);
/// assert_eq!(packet.heap_length(), Some(2));
///
/// let short = bytes.slice(..41);
/// assert!(matches!(Packet::parse(&short), Err(PacketError::Truncated { .. })));
/// # Ok::<(), PacketError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Packet<'p> {
    header: Header<'p>,
    payload: Payload<'p>,
}

/// Everything but the payload.
#[derive(Debug, Clone)]
struct Header<'p> {
    flavour: Flavour,
    cnt: HeapCnt,
    heap_length: Option<u64>,
    payload_offset: u64,
    payload_length: u64,
    pointers: &'p [u8],
    others: Others,
}

/// The item pointers of a packet besides the special ones.
#[derive(Debug, Clone, Copy)]
struct Others {
    count: usize,
    /// Item pointers at the start of the table among which there are none.
    skip: usize,
}

impl<'p> Packet<'p> {
    /// Parses a packet that fills `bytes`, as a datagram or an entry of an in-process queue does.
    ///
    /// # Errors
    /// [`PacketError`], the first that applies in the order of its variants.
    #[inline(always)]
    pub fn parse(bytes: &'p Bytes) -> Result<Self, PacketError> {
        let header = Header::read(bytes, bytes.len() as u64)?;
        if header.size() < bytes.len() {
            return Err(PacketError::TrailingBytes { packet: header.size() as u64, found: bytes.len() as u64 });
        }
        let payload = Payload::new(Segment::new(bytes, header.len()..bytes.len()), &[]);
        Ok(Self { header, payload })
    }

    /// Parses the packet that `bytes` starts with, and says how many bytes it takes.
    ///
    /// # Errors
    /// [`PacketError`], the first that applies in the order of its variants.
    pub fn parse_prefix(bytes: &'p Bytes) -> Result<(Self, usize), PacketError> {
        let header = Header::read(bytes, bytes.len() as u64)?;
        let size = header.size();
        let payload = Payload::new(Segment::new(bytes, header.len()..size), &[]);
        Ok((Self { header, payload }, size))
    }

    /// Parses a packet whose header (with the item pointers) and payload lie apart: the split must fall where the payload
    /// starts.
    ///
    /// # Errors
    /// [`PacketError`], the first that applies in the order of its variants. A header that is too short or too long is told
    /// by its own bytes; for the rest the two parts count as one run of bytes.
    #[inline(always)]
    pub fn parse_parts(header: &'p [u8], payload: Payload<'p>) -> Result<Self, PacketError> {
        let (header_length, length) = (header.len(), payload.len() as u64);
        let available = (header_length as u64).saturating_add(length);
        let header = Header::read(header, available)?;
        if header.len() != header_length {
            return Err(PacketError::TrailingBytes { packet: header.len() as u64, found: header_length as u64 });
        }
        if header.payload_length < length {
            return Err(PacketError::TrailingBytes { packet: header.size() as u64, found: available });
        }
        Ok(Self { header, payload })
    }

    /// How the packet splits its item pointers.
    #[must_use]
    pub const fn flavour(&self) -> Flavour {
        self.header.flavour
    }

    /// The heap that the packet belongs to.
    #[must_use]
    pub const fn cnt(&self) -> HeapCnt {
        self.header.cnt
    }

    /// Bytes of the whole heap's payload, if the packet says.
    #[must_use]
    pub const fn heap_length(&self) -> Option<u64> {
        self.header.heap_length
    }

    /// Where the packet's payload starts in the heap's, in bytes.
    #[must_use]
    pub const fn payload_offset(&self) -> u64 {
        self.header.payload_offset
    }

    /// Bytes of the packet's payload.
    #[must_use]
    pub const fn payload_length(&self) -> u64 {
        self.header.payload_length
    }

    /// The packet's payload.
    #[must_use]
    pub const fn payload(&self) -> &Payload<'p> {
        &self.payload
    }

    /// The item pointers in the order in which they stand, the four special ones included.
    pub fn item_pointers(&self) -> impl ExactSizeIterator<Item = ItemPointer> + '_ {
        let flavour = self.header.flavour;
        words(self.header.pointers).map(move |raw| ItemPointer::decode(raw, flavour))
    }

    /// The item pointers but for the four special ones, each with its place in the packet, as they stand.
    #[inline]
    pub(crate) fn other_pointers(&self) -> impl Iterator<Item = (usize, u64)> + use<'p> {
        let Header { flavour, pointers, others: Others { count, skip }, .. } = self.header;
        let rest = pointers.get(skip.saturating_mul(POINTER_BYTES)..).unwrap_or_default();
        let mixed = rest.len() > count.saturating_mul(POINTER_BYTES);
        let other = move |raw: u64| !mixed || ItemPointer::special_place(raw, flavour) >= SPECIAL_POINTERS;
        words(rest).enumerate().map(move |(at, raw)| (at.saturating_add(skip), raw)).filter(move |(_, raw)| other(*raw))
    }

    /// The item pointers as they stand after the four special ones, if those come first, once each, and in the order of
    /// their ids: so spead2 writes them, and so do we.
    #[inline]
    pub(crate) fn usual_pointers(&self) -> Option<&'p [[u8; POINTER_BYTES]]> {
        let (words, _) = self.header.pointers.as_chunks();
        words.get(self.header.others.skip..).filter(|_| self.header.others.skip > 0)
    }

    /// Whether there are item pointers but for the four special ones: mostly not.
    #[inline]
    pub(crate) const fn has_other_pointers(&self) -> bool {
        self.header.others.count > 0
    }
}

impl<'p> Header<'p> {
    /// Reads and checks the header that `bytes` starts with; `available` counts header and payload bytes.
    #[inline(always)]
    fn read(bytes: &'p [u8], available: u64) -> Result<Self, PacketError> {
        let Some((&[magic, version, id_bytes, address_bytes, _, _, n1, n0], rest)) = bytes.split_first_chunk() else {
            return Err(PacketError::TooShort { found: bytes.len() as u64 });
        };
        if magic != MAGIC {
            return Err(PacketError::Magic { found: magic });
        }
        if version != VERSION {
            return Err(PacketError::Version { found: version });
        }
        let Some(flavour) = Flavour::from_widths(id_bytes, address_bytes) else {
            return Err(PacketError::Widths { id_bytes, address_bytes });
        };
        let count = u16::from_be_bytes([n1, n0]);
        let table = usize::from(count) << 3;
        let Some(pointers) = rest.get(..table) else {
            let need = (HEADER_BYTES as u64).saturating_add(table as u64);
            return Err(PacketError::ItemTable { pointers: count, need, found: bytes.len() as u64 });
        };

        let ([cnt, heap_length, payload_offset, payload_length], others) = special_values(pointers, flavour);
        let missing = |id| PacketError::MissingItem { id };
        let cnt = cnt.ok_or_else(|| missing(ItemId::HEAP_CNT))?;
        let payload_offset = payload_offset.ok_or_else(|| missing(ItemId::PAYLOAD_OFFSET))?;
        let payload_length = payload_length.ok_or_else(|| missing(ItemId::PAYLOAD_LENGTH))?;

        let payload_at = HEADER_BYTES.saturating_add(table);
        let size = (payload_at as u64).saturating_add(payload_length);
        if size > available {
            return Err(PacketError::Truncated { need: size, found: available });
        }
        if let Some(heap_length) = heap_length
            && payload_offset.saturating_add(payload_length) > heap_length
        {
            return Err(PacketError::PastHeapEnd { payload_offset, payload_length, heap_length });
        }
        let cnt = HeapCnt::wrapped(cnt, flavour);
        Ok(Self { flavour, cnt, heap_length, payload_offset, payload_length, pointers, others })
    }

    /// Bytes before the payload.
    const fn len(&self) -> usize {
        HEADER_BYTES.saturating_add(self.pointers.len())
    }

    /// Bytes of the packet.
    fn size(&self) -> usize {
        self.len().saturating_add(usize::try_from(self.payload_length).unwrap_or(usize::MAX))
    }
}

/// The values of the special pointers, and how many others there are. The last one wins; only immediate pointers count.
#[inline(always)]
fn special_values(pointers: &[u8], flavour: Flavour) -> ([Option<u64>; SPECIAL_POINTERS], Others) {
    // What nearly all packets have: the four once each, in this order, and then the others.
    let place = |word: &[u8; POINTER_BYTES]| ItemPointer::special_place(u64::from_be_bytes(*word), flavour);
    if let ([a, b, c, d, others @ ..], _) = pointers.as_chunks()
        && (place(a), place(b), place(c), place(d)) == (0, 1, 2, 3)
        && others.iter().all(|word| place(word) >= SPECIAL_POINTERS)
    {
        let value = |word: &[u8; POINTER_BYTES]| Some(u64::from_be_bytes(*word) & flavour.max_immediate());
        let others = Others { count: others.len(), skip: SPECIAL_POINTERS };
        return ([value(a), value(b), value(c), value(d)], others);
    }
    search_special_values(pointers, flavour)
}

#[cold]
fn search_special_values(pointers: &[u8], flavour: Flavour) -> ([Option<u64>; SPECIAL_POINTERS], Others) {
    let (mut special, mut count) = ([None; SPECIAL_POINTERS], 0_usize);
    for raw in words(pointers) {
        match special.get_mut(ItemPointer::special_place(raw, flavour)) {
            Some(slot) => *slot = Some(raw & flavour.max_immediate()),
            None => count = count.saturating_add(1),
        }
    }
    (special, Others { count, skip: 0 })
}

fn words(pointers: &[u8]) -> impl ExactSizeIterator<Item = u64> + use<'_> {
    let (words, _) = pointers.as_chunks::<POINTER_BYTES>();
    words.iter().map(|word| u64::from_be_bytes(*word))
}

/// Everything that comes before the item pointers of the heap: the fixed header and the four special pointers.
#[inline]
pub(crate) fn header_start(
    flavour: Flavour,
    pointers: usize,
    cnt: HeapCnt,
    heap_length: u64,
    payload: &Range<u64>,
) -> [[u8; POINTER_BYTES]; HEADER_WORDS] {
    #[expect(clippy::cast_possible_truncation, reason = "widths are at most 7; the packetiser bounds the pointers")]
    let (address_bytes, count) =
        (flavour.address_bytes() as u8, pointers.saturating_add(SPECIAL_POINTERS).min(MAX_POINTERS) as u16);
    let [n1, n0] = count.to_be_bytes();
    let [payload_offset, payload_length] = place(flavour, payload);
    [
        [MAGIC, VERSION, WORD.wrapping_sub(address_bytes), address_bytes, 0, 0, n1, n0],
        immediate(ItemId::HEAP_CNT, cnt.get(), flavour),
        immediate(ItemId::HEAP_LENGTH, heap_length, flavour),
        payload_offset,
        payload_length,
    ]
}

/// Makes the header of a packet that of another one with the same item pointers, somewhere else in the heap.
#[inline]
pub(crate) fn rewrite_header(header: &mut [u8], flavour: Flavour, payload: &Range<u64>) {
    const PLACE: Range<usize> = 24..40;
    if let Some(bytes) = header.get_mut(PLACE) {
        bytes.copy_from_slice(place(flavour, payload).as_flattened());
    }
}

/// The pointers that say where the payload belongs.
#[inline]
fn place(flavour: Flavour, payload: &Range<u64>) -> [[u8; POINTER_BYTES]; 2] {
    let length = payload.end.saturating_sub(payload.start);
    [immediate(ItemId::PAYLOAD_OFFSET, payload.start, flavour), immediate(ItemId::PAYLOAD_LENGTH, length, flavour)]
}

#[inline]
const fn immediate(id: ItemId, value: u64, flavour: Flavour) -> [u8; POINTER_BYTES] {
    ItemPointer::Immediate { id, value }.encode(flavour).to_be_bytes()
}

/// Why some bytes are no packet (spead2 `recv_packet.cpp`). Found in the order of the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// There is no room for the fixed header.
    #[error("too short: {found} bytes, but a SPEAD packet has at least 8")]
    TooShort {
        /// Bytes there were.
        found: u64,
    },
    /// The first byte is not SPEAD's.
    #[error("bad magic number {found:#04x}: a SPEAD packet starts with 0x53")]
    Magic {
        /// The first byte.
        found: u8,
    },
    /// The version is not 4.
    #[error("SPEAD version {found}: only version 4 is understood")]
    Version {
        /// The second byte.
        found: u8,
    },
    /// The widths of item id and heap address are no SPEAD-64 flavour.
    #[error(
        "item pointers of {id_bytes} + {address_bytes} bytes: in SPEAD-64 neither is 0 and together they make 8 \
         (a plain-text or little-endian header looks like this)"
    )]
    Widths {
        /// Bytes of an item id, the mode bit included.
        id_bytes: u8,
        /// Bytes of a heap address.
        address_bytes: u8,
    },
    /// The table of item pointers is longer than the packet.
    #[error("{pointers} item pointers need {need} bytes, but the packet has {found}")]
    ItemTable {
        /// Item pointers that the header declares.
        pointers: u16,
        /// Bytes of header and table.
        need: u64,
        /// Bytes there were.
        found: u64,
    },
    /// Heap cnt, payload offset or payload length is not there as an immediate item.
    #[error("no immediate item {id}: each packet must carry heap cnt, payload offset and payload length")]
    MissingItem {
        /// Which is missing.
        id: ItemId,
    },
    /// The payload is longer than the packet.
    #[error("truncated: header and payload need {need} bytes, but there are {found}")]
    Truncated {
        /// Bytes that header and payload take.
        need: u64,
        /// Bytes there were.
        found: u64,
    },
    /// The payload reaches past the end of the heap.
    #[error("payload {payload_offset} + {payload_length} bytes reaches past the heap's length of {heap_length}")]
    PastHeapEnd {
        /// Where the payload starts in the heap.
        payload_offset: u64,
        /// Bytes of payload.
        payload_length: u64,
        /// Bytes of the heap.
        heap_length: u64,
    },
    /// Bytes follow the payload (spead2 `recv_inproc.cpp`: size mismatch).
    #[error("the packet ends after {packet} bytes, but {found} came")]
    TrailingBytes {
        /// Bytes that header and payload take; of a header that came by itself, those that it takes.
        packet: u64,
        /// Bytes there were.
        found: u64,
    },
}
