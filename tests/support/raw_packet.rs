//! A packet writer that checks nothing, to make the packets that a sound sender never would.

use bytes::Bytes;

/// The fields of a packet; absent ones are not written.
#[derive(Debug, Clone)]
pub struct RawPacket {
    /// Heap address bits of the flavour.
    pub address_bits: u32,
    /// Item 0x01.
    pub cnt: Option<u64>,
    /// Item 0x02.
    pub heap_length: Option<u64>,
    /// Item 0x03.
    pub payload_offset: Option<u64>,
    /// Item 0x04; the length of `payload` unless set.
    pub payload_length: Option<u64>,
    /// Further item pointers as they stand.
    pub pointers: Vec<u64>,
    /// The payload.
    pub payload: Vec<u8>,
}

impl RawPacket {
    /// Part of a heap in SPEAD-64-48 that has one item, `0x1000`, from the start of the payload on.
    #[must_use]
    pub fn part(cnt: u64, heap_length: u64, payload: std::ops::Range<u64>) -> Self {
        Self {
            address_bits: 48,
            cnt: Some(cnt),
            heap_length: Some(heap_length),
            payload_offset: Some(payload.start),
            payload_length: None,
            pointers: vec![addressed(48, 0x1000, 0)],
            payload: payload.map(|at| at.to_le_bytes()[0]).collect(),
        }
    }

    /// The bytes of the packet.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        let length = self.payload_length.unwrap_or(self.payload.len() as u64);
        let special = [(1, self.cnt), (2, self.heap_length), (3, self.payload_offset), (4, Some(length))];
        let special = special.into_iter().filter_map(|(id, value)| Some(immediate(self.address_bits, id, value?)));
        let pointers: Vec<u64> = special.chain(self.pointers.iter().copied()).collect();
        let width = u8::try_from(self.address_bits / 8).expect("address bits");
        let count = u16::try_from(pointers.len()).expect("count of pointers");
        let mut bytes = vec![0x53, 4, 8 - width, width, 0, 0];
        bytes.extend(count.to_be_bytes());
        bytes.extend(pointers.iter().flat_map(|pointer| pointer.to_be_bytes()));
        bytes.extend(&self.payload);
        bytes.into()
    }
}

/// An immediate item pointer.
#[must_use]
pub const fn immediate(address_bits: u32, id: u64, value: u64) -> u64 {
    1 << 63 | id << address_bits | value
}

/// An addressed item pointer.
#[must_use]
pub const fn addressed(address_bits: u32, id: u64, address: u64) -> u64 {
    id << address_bits | address
}
