//! How a heap is cut into packets, in closed form (spead2 `send_packet.cpp`).
//!
//! Item pointers fill the first packets; what room they leave, and all of the later packets, is payload. Every packet but
//! the last is as large as allowed, unless it has as many pointers as can be counted: then it has eight bytes of payload.
//! Where the pointers alone would need more packets than the payload can give a byte each, the payload is padded with
//! zeros, bounded by a null pointer.

use std::ops::Range;

use crate::{
    heap::Heap,
    wire::{Flavour, HEADER_BYTES, HeapCntError, MAX_POINTERS, POINTER_BYTES, SPECIAL_POINTERS},
};

/// The smallest `max_packet_size`, in bytes: header, four special pointers, one more, and eight bytes of payload.
pub const MIN_PACKET_SIZE: usize = 56;

/// Header and special pointers: in every packet.
const FIXED_BYTES: u64 = (HEADER_BYTES + SPECIAL_POINTERS * POINTER_BYTES) as u64;
const POINTER: u64 = POINTER_BYTES as u64;
/// Payload bytes of a packet full of pointers: what [`slots`] leaves. One with as many pointers as can be counted has no
/// more, or all the room that it has would have to be padded.
const FULL_ROOM: u64 = 8;

/// How heaps are cut: bytes of a full packet, and whether each carries all item pointers.
///
/// One small word, since every entry of a queue has it: the lowest bit of a multiple of 8 is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CutRule(u32);

impl CutRule {
    const REPEAT: u32 = 1;

    pub(crate) const fn new(max_packet_size: usize, repeat: bool) -> Result<Self, PacketizeError> {
        if max_packet_size < MIN_PACKET_SIZE {
            return Err(PacketizeError::PacketSize { max_packet_size });
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked")]
        let most = if max_packet_size > u32::MAX as usize { u32::MAX } else { max_packet_size as u32 };
        Ok(Self(most & !7 | if repeat { Self::REPEAT } else { 0 }))
    }

    const fn packet_size(self) -> u64 {
        (self.0 & !Self::REPEAT) as u64
    }

    const fn repeats(self) -> bool {
        self.0 & Self::REPEAT != 0
    }
}

/// One way to cut one heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Bytes of a full packet: a multiple of 8.
    packet_size: u64,
    /// Bytes of the heap's payload, padding included.
    length: u64,
    /// Item pointers that are sent once, besides the special ones; a null pointer is one of them.
    once: u64,
    /// Item pointers that are in every packet: those of the heap or none.
    repeated: u64,
}

/// What packet `i` carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PacketShape {
    pub(crate) pointers: Range<u64>,
    pub(crate) payload: Range<u64>,
}

impl Cut {
    /// The cut, if the heap can be cut so, and into how many packets.
    #[inline(always)]
    pub(crate) fn check(heap: &Heap, rule: CutRule) -> Result<(Self, u32), PacketizeError> {
        let cut = Self::new(heap, rule);
        let items = heap.items().len() as u64;
        let packet_size = || usize::try_from(cut.packet_size).unwrap_or(usize::MAX);
        if rule.repeats() && items >= slots(cut.packet_size) {
            let (slots, max_packet_size) = (slots(cut.packet_size), packet_size());
            return Err(PacketizeError::RepeatPointers { items, slots, max_packet_size });
        }
        if cut.length > heap.flavour().max_immediate() {
            return Err(PacketizeError::Padding { items, length: cut.length, flavour: heap.flavour() });
        }
        let too_many = |_| PacketizeError::TooManyPackets { max_packet_size: packet_size() };
        let packets = u32::try_from(cut.count()).map_err(too_many)?;
        Ok((cut, packets))
    }

    /// The cut of a heap that was checked.
    #[inline(always)]
    pub(crate) fn new(heap: &Heap, rule: CutRule) -> Self {
        let packet_size = rule.packet_size();
        let (items, slots) = (heap.items().len() as u64, slots(packet_size));
        // One more than needed when it divides exactly: spead2 leaves room for a null pointer.
        let carriers = if items < slots { 0 } else { items / slots };
        let real = heap.payload_length();
        let least = carriers.saturating_mul(FULL_ROOM).saturating_add(1);
        let (padded, length) = if real < least { (true, least) } else { (false, real) };
        let pointers = items + u64::from(padded);
        let (once, repeated) = if rule.repeats() { (0, pointers) } else { (pointers, 0) };
        Self { packet_size, length, once, repeated }
    }

    /// Whether a heap that was checked, and has payload, goes into one packet.
    #[inline]
    pub(crate) fn is_one_packet(heap: &Heap, rule: CutRule) -> bool {
        let (items, length) = (heap.items().len() as u64, heap.payload_length());
        let needed = length.saturating_add(FIXED_BYTES + POINTER * items);
        // A packet full of pointers is followed by another, whatever fits.
        length > 0 && items < slots(rule.packet_size()) && needed <= rule.packet_size()
    }

    /// Bytes of the heap's payload, padding included.
    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    fn count(&self) -> u64 {
        if self.repeated > 0 {
            return self.length.div_ceil(self.room(self.repeated));
        }
        let (full, full_room, rest, rest_room) = self.carriers();
        let carried = full * full_room + if rest > 0 { rest_room } else { 0 };
        let carriers = full + u64::from(rest > 0);
        if self.length <= carried { carriers } else { carriers + (self.length - carried).div_ceil(self.room(0)) }
    }

    /// Bytes of all packets, of which there are so many, headers included.
    pub(crate) fn all_bytes(&self, packets: u32) -> u64 {
        let packets = u64::from(packets);
        packets * FIXED_BYTES + (self.once + self.repeated * packets) * POINTER + self.length
    }

    /// Bytes of these packets, headers included.
    pub(crate) fn bytes(&self, packets: Range<u32>) -> u64 {
        let Some(last) = packets.end.checked_sub(1).filter(|last| *last >= packets.start) else { return 0 };
        let last = self.shape(last);
        let (pointers, payload) = match packets.start {
            0 => (0, 0),
            first => {
                let first = self.shape(first);
                (first.pointers.start, first.payload.start)
            }
        };
        let packets = u64::from(packets.end - packets.start);
        let pointers = match self.repeated {
            0 => last.pointers.end - pointers,
            repeated => repeated * packets,
        };
        packets * FIXED_BYTES + pointers * POINTER + (last.payload.end - payload)
    }

    /// Whether what follows a packet of this shape is payload alone.
    #[inline]
    pub(crate) const fn is_tail_after(&self, shape: &PacketShape) -> bool {
        self.repeated == 0 && shape.pointers.end >= self.once
    }

    /// What a packet carries that has no item pointers, and whose payload starts here.
    #[inline]
    pub(crate) fn tail(&self, start: u64) -> PacketShape {
        PacketShape { pointers: self.once..self.once, payload: start..(start + self.room(0)).min(self.length) }
    }

    /// What packet `i` carries.
    #[inline]
    pub(crate) fn shape(&self, packet: u32) -> PacketShape {
        let packet = u64::from(packet);
        let total = self.once;
        let (pointers, start, room) = if self.repeated > 0 {
            let room = self.room(self.repeated);
            (0..self.repeated, packet * room, room)
        } else {
            let (full, full_room, rest, rest_room) = self.carriers();
            let slots = slots(self.packet_size);
            if packet < full {
                (packet * slots..(packet + 1) * slots, packet * full_room, full_room)
            } else if packet == full && rest > 0 {
                (full * slots..total, full * full_room, rest_room)
            } else {
                let carrier = u64::from(rest > 0);
                let start = full * full_room + carrier * rest_room;
                (total..total, start + (packet - full - carrier) * self.room(0), self.room(0))
            }
        };
        PacketShape { pointers, payload: start.min(self.length)..(start + room).min(self.length) }
    }

    /// Packets full of pointers and the payload bytes in each, then the pointers of the next packet and its bytes.
    fn carriers(&self) -> (u64, u64, u64, u64) {
        let (slots, total) = (slots(self.packet_size), self.once);
        if total < slots {
            return (0, 0, total, self.room(total));
        }
        (total / slots, FULL_ROOM, total % slots, self.room(total % slots))
    }

    /// Payload bytes of a full packet with so many pointers.
    const fn room(&self, pointers: u64) -> u64 {
        self.packet_size - FIXED_BYTES - POINTER * pointers
    }
}

/// Pointers that fit a packet besides the special ones and eight bytes of payload. The count of pointers has 16 bits:
/// spead2 lets it spill into the reserved field, we stop there.
const fn slots(packet_size: u64) -> u64 {
    let fit = (packet_size - FIXED_BYTES - POINTER) / POINTER;
    if fit < MAX_SLOTS { fit } else { MAX_SLOTS }
}

const MAX_SLOTS: u64 = (MAX_POINTERS - SPECIAL_POINTERS) as u64;

/// Why a heap cannot be cut into packets of this size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PacketizeError {
    /// The flavour cannot carry the heap cnt.
    #[error(transparent)]
    Cnt(#[from] HeapCntError),
    /// Packets this small hold nothing.
    #[error(
        "max_packet_size {max_packet_size} is too small: header, item pointers and payload need at least {MIN_PACKET_SIZE} bytes"
    )]
    PacketSize {
        /// The limit that was set.
        max_packet_size: usize,
    },
    /// Repeated item pointers must fit a single packet.
    #[error(
        "cannot repeat {items} item pointers in each packet of {max_packet_size} bytes, which has room for fewer than \
         {slots}: raise max_packet_size or send without repeating them"
    )]
    RepeatPointers {
        /// Items of the heap.
        items: u64,
        /// Item pointers that a packet has room for.
        slots: u64,
        /// Bytes of a full packet: the limit that was set, rounded down to a multiple of 8.
        max_packet_size: usize,
    },
    /// The padding that the item pointers need makes the payload too long for the flavour.
    #[error(
        "the pointers of {items} items spread over so many packets that the payload is padded to {length} bytes, more than \
         {flavour} can say: raise max_packet_size or use wider addresses"
    )]
    Padding {
        /// Items of the heap.
        items: u64,
        /// Bytes of the padded payload.
        length: u64,
        /// The heap's flavour.
        flavour: Flavour,
    },
    /// The heap makes more packets, or has more items, than 32 bits count.
    #[error("more than 2^32 packets of {max_packet_size} bytes: raise max_packet_size or send smaller heaps")]
    TooManyPackets {
        /// Bytes of a full packet: the limit that was set, rounded down to a multiple of 8.
        max_packet_size: usize,
    },
}
