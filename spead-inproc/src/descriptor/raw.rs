use bytes::Bytes;

use super::{DescriptorError, DescriptorProblem};
use crate::{
    heap::{Heap, HeapBuilder, Item},
    wire::{self, BugCompat, Flavour, HeapCnt, ItemId, ItemPointer},
};

/// A descriptor as it travels: fields that nobody has made sense of yet.
///
/// It is a heap of its own, cut into one packet, that is the value of an item with id 0x05 (spead2 `send_heap.cpp`,
/// `recv_heap.cpp`). What the fields mean, and whether they mean anything, is the matter of a descriptor's other form.
///
/// ```
/// use spead_inproc::{Flavour, descriptor::RawDescriptor};
///
/// let timestamp = RawDescriptor {
///     id: 0x1600,
///     name: b"timestamp".to_vec(),
///     description: b"ADC samples".to_vec(),
///     format: vec![(b'u', 48)],
///     ..RawDescriptor::default()
/// };
/// let packet = timestamp.encode(Flavour::SPEAD_64_48)?;
/// assert_eq!(packet.len(), 8 + 9 * 8 + "timestampADC samples".len() + 3);
/// # Ok::<(), spead_inproc::descriptor::DescriptorError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawDescriptor {
    /// The item that is described; never 0.
    pub id: u64,
    /// What the item is called; ASCII from everyone who follows the protocol.
    pub name: Vec<u8>,
    /// What the item is, for people.
    pub description: Vec<u8>,
    /// Elements along each dimension; nothing for one that varies.
    pub shape: Vec<Option<u64>>,
    /// The fields of an element: a format code and a width in bits.
    pub format: Vec<(u8, u64)>,
    /// A Python dictionary as in numpy's file format; if it is not empty, it stands for shape and format.
    pub numpy_header: Vec<u8>,
}

impl RawDescriptor {
    /// The packet that carries the descriptor inside a heap of this flavour, whose [`BugCompat`] it follows.
    ///
    /// # Errors
    /// [`DescriptorError`] if id, a width, a dimension or the whole does not fit the flavour. (spead2 cuts such numbers
    /// short without a word.)
    pub fn encode(&self, flavour: Flavour) -> Result<Bytes, DescriptorError> {
        self.try_encode(flavour).map_err(|problem| self.error(problem))
    }

    /// What a heap that was nested in another says: the heap's fields, read under these old mistakes.
    ///
    /// Nothing if it does not say which item it describes. Fields that come more than once count as in spead2: the last
    /// name, description, numpy header and id wins, shapes and formats add up; an incomplete entry at their end does not
    /// count.
    #[must_use]
    pub fn from_heap(heap: &Heap, bug_compat: BugCompat) -> Option<Self> {
        let widths = Widths::new(heap.flavour(), bug_compat);
        let mut raw = Self::default();
        for item in heap.items_in_spead2_order() {
            match item.id() {
                ItemId::DESCRIPTOR_ID => raw.id = item.as_immediate().unwrap_or(raw.id),
                ItemId::DESCRIPTOR_NAME => raw.name = item.bytes().to_vec(),
                ItemId::DESCRIPTOR_DESCRIPTION => raw.description = item.bytes().to_vec(),
                ItemId::DESCRIPTOR_DTYPE => raw.numpy_header = item.bytes().to_vec(),
                ItemId::DESCRIPTOR_FORMAT => raw.format.extend(entries(item, widths.format)),
                ItemId::DESCRIPTOR_SHAPE => raw.shape.extend(
                    entries(item, widths.shape).map(|(flags, size)| (flags & widths.variable == 0).then_some(size)),
                ),
                _ => {}
            }
        }
        if !raw.numpy_header.is_empty() {
            raw.shape.clear();
            raw.format.clear();
        }
        (raw.id != 0).then_some(raw)
    }

    pub(super) fn error(&self, problem: DescriptorProblem) -> DescriptorError {
        DescriptorError { id: self.id, name: String::from_utf8_lossy(&self.name).into_owned(), problem }
    }

    fn try_encode(&self, flavour: Flavour) -> Result<Bytes, DescriptorProblem> {
        // The id travels as an immediate, so it must fit the address field as well as the id field of its own item.
        let largest = flavour.max_item_id().min(flavour.max_immediate());
        if self.id == 0 || self.id > largest {
            return Err(DescriptorProblem::Id { largest, flavour });
        }
        let widths = Widths::new(flavour, flavour.bug_compat());
        let mut payload = Vec::new();
        let mut spans: Vec<(ItemId, u64)> = Vec::with_capacity(5);
        let mut field = |id, payload: &[u8]| spans.push((id, payload.len() as u64));

        field(ItemId::DESCRIPTOR_NAME, &payload);
        payload.extend_from_slice(&self.name);
        field(ItemId::DESCRIPTOR_DESCRIPTION, &payload);
        payload.extend_from_slice(&self.description);
        field(ItemId::DESCRIPTOR_FORMAT, &payload);
        for &(code, bits) in &self.format {
            let largest = largest_number(widths.format);
            if bits > largest {
                return Err(DescriptorProblem::FieldWidth { bits, largest, flavour });
            }
            push_entry(&mut payload, code, bits, widths.format);
        }
        field(ItemId::DESCRIPTOR_SHAPE, &payload);
        for &dimension in &self.shape {
            let (flags, size) = dimension.map_or((widths.variable, 0), |size| (0, size));
            let largest = largest_number(widths.shape);
            if size > largest {
                return Err(DescriptorProblem::Dimension { size, largest, flavour });
            }
            push_entry(&mut payload, flags, size, widths.shape);
        }
        if !self.numpy_header.is_empty() {
            field(ItemId::DESCRIPTOR_DTYPE, &payload);
            payload.extend_from_slice(&self.numpy_header);
        }

        let length = payload.len() as u64;
        if length > flavour.max_immediate() {
            return Err(DescriptorProblem::TooLong { length, flavour });
        }
        let pointers = [ItemPointer::Immediate { id: ItemId::DESCRIPTOR_ID, value: self.id }]
            .into_iter()
            .chain(spans.iter().map(|&(id, address)| ItemPointer::Address { id, address }));
        let count = 1 + spans.len();
        let table = wire::POINTER_BYTES * (wire::SPECIAL_POINTERS + count);
        let mut packet = Vec::with_capacity(wire::HEADER_BYTES + table + payload.len());
        let start = wire::header_start(flavour, count, HeapCnt::wrapped(1, flavour), length, &(0..length));
        packet.extend_from_slice(start.as_flattened());
        for pointer in pointers {
            packet.extend_from_slice(&pointer.encode(flavour).to_be_bytes());
        }
        packet.extend_from_slice(&payload);
        Ok(packet.into())
    }
}

impl HeapBuilder {
    /// Adds a descriptor, in the heap's flavour and with its old mistakes.
    ///
    /// # Errors
    /// [`DescriptorError`] as [`RawDescriptor::encode`].
    pub fn raw_descriptor(self, descriptor: &RawDescriptor) -> Result<Self, DescriptorError> {
        let packet = descriptor.encode(self.flavour())?;
        Ok(self.item(ItemId::DESCRIPTOR.get(), packet))
    }
}

/// How the entries of format and shape are laid out: one byte (code or flags), then a number.
struct Widths {
    /// Bytes of the number in a format entry.
    format: usize,
    /// Bytes of the number in a shape entry.
    shape: usize,
    /// The flag of a dimension that varies.
    variable: u8,
}

impl Widths {
    const fn new(flavour: Flavour, bug_compat: BugCompat) -> Self {
        let address = flavour.address_bytes();
        let (format, shape) =
            if bug_compat.contains(BugCompat::DESCRIPTOR_WIDTHS) { (3, 7) } else { (8 - address, address) };
        let variable = if bug_compat.contains(BugCompat::SHAPE_BIT_1) { 2 } else { 1 };
        Self { format, shape, variable }
    }
}

/// The entries of a format or shape item whose numbers have this many bytes.
fn entries(item: &Item, width: usize) -> impl Iterator<Item = (u8, u64)> {
    item.bytes().chunks_exact(1 + width).map(|entry| {
        let number = entry[1..].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        (entry[0], number)
    })
}

fn push_entry(payload: &mut Vec<u8>, first: u8, number: u64, width: usize) {
    payload.push(first);
    payload.extend_from_slice(&number.to_be_bytes()[8 - width..]);
}

/// The largest number that an entry with this many bytes can say.
const fn largest_number(width: usize) -> u64 {
    u64::MAX >> (64 - 8 * width)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From spead2 4.5.1.
    const GOLDEN: &str = "53040206000000098001000000000001800200000000000f8003000000000000800400000000000f\
                          801400000000100000100000000000000011000000000001001300000000000c001200000000000f\
                          616465736372697074696f6e750020";

    fn golden() -> RawDescriptor {
        RawDescriptor {
            id: 0x1000,
            name: b"a".to_vec(),
            description: b"description".to_vec(),
            format: vec![(b'u', 32)],
            ..RawDescriptor::default()
        }
    }

    #[test]
    fn golden_bytes() {
        let packet = golden().encode(Flavour::SPEAD_64_48).unwrap();
        let hex: String = packet.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, GOLDEN);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let narrow = Flavour::new(8).unwrap();
        let wide = Flavour::new(56).unwrap();
        let problem = |raw: RawDescriptor, flavour| raw.encode(flavour).unwrap_err().problem;
        assert_eq!(
            problem(RawDescriptor { id: 0x100, ..golden() }, narrow),
            DescriptorProblem::Id { largest: 0xff, flavour: narrow }
        );
        assert_eq!(
            problem(RawDescriptor { id: 0x80, ..golden() }, wide),
            DescriptorProblem::Id { largest: 0x7f, flavour: wide }
        );
        assert_eq!(
            problem(RawDescriptor { id: 1, format: vec![(b'u', 256)], ..golden() }, wide),
            DescriptorProblem::FieldWidth { bits: 256, largest: 255, flavour: wide }
        );
        assert_eq!(
            problem(RawDescriptor { id: 1, shape: vec![Some(256)], ..golden() }, narrow),
            DescriptorProblem::Dimension { size: 256, largest: 255, flavour: narrow }
        );
        assert_eq!(
            problem(RawDescriptor { id: 1, description: vec![b'x'; 300], ..golden() }, narrow),
            DescriptorProblem::TooLong { length: 309, flavour: narrow }
        );
        let error = RawDescriptor { id: 0, ..golden() }.encode(narrow).unwrap_err();
        assert!(
            error.to_string().starts_with("descriptor of item 0x0000 \"a\": a described id is 1 to 0xff"),
            "{error}"
        );
    }
}
