//! How elements lie in the bytes of an item, and the way there and back.
//!
//! The element of a descriptor is a tree: leaves are numbers, characters and the like, records hold named slots, and each slot
//! may be an array. Every leaf has its place in the element, in bits; all its places in an item are a [`Walk`]. Decoding walks once for each leaf
//! and makes a column of it; encoding is the same walk the other way.

mod bits;
mod decode;
mod encode;
mod simd;
mod walk;

use std::sync::Arc;

use walk::Walk;

use super::{
    Dtype, Format,
    dtype::ByteOrder,
    format::{Field, FieldCode},
    meaning::ElementFormat,
    shape::elements,
    value::ElementType,
};

/// What it takes to read and write the items of one descriptor.
#[derive(Debug, Clone)]
pub(super) struct Codec {
    node: Node,
    element_bits: u64,
    fortran_order: bool,
    /// Whether one dimension of these elements is text, in which only ASCII will do.
    chars: bool,
    /// Whether integers that do not fit are taken modulo the width, if the item is a scalar.
    wraps: bool,
}

#[derive(Debug, Clone)]
enum Node {
    Leaf(Leaf),
    Record(Arc<[Slot]>),
}

/// A field of a record.
#[derive(Debug)]
struct Slot {
    name: Box<str>,
    /// Bits from the start of the record.
    at: u64,
    /// Dimensions, if it is a sub-array.
    shape: Box<[usize]>,
    /// Bits of each of its elements.
    bits: u64,
    node: Node,
}

/// One number, character or string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Leaf {
    kind: LeafKind,
    bits: u64,
    order: ByteOrder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeafKind {
    Unsigned,
    Signed,
    Float,
    Complex,
    Bool,
    Char,
    Bytes,
    Text,
    Void,
}

impl Codec {
    pub(super) fn new(element: &ElementFormat) -> Self {
        match element {
            ElementFormat::Format(format) => {
                let single = format.single();
                Self {
                    node: of_format(format),
                    element_bits: format.bits(),
                    fortran_order: false,
                    chars: single.is_some_and(|field| field.code == FieldCode::Char),
                    wraps: single.is_some_and(|field| {
                        matches!(field.code, FieldCode::Unsigned | FieldCode::Signed)
                            && matches!(field.bits, 24 | 40 | 48 | 56)
                    }),
                }
            }
            ElementFormat::Dtype { dtype, fortran_order } => Self {
                node: of_dtype(dtype),
                element_bits: dtype.bytes() as u64 * 8,
                fortran_order: *fortran_order,
                chars: false,
                wraps: false,
            },
        }
    }

    pub(super) const fn element_bits(&self) -> u64 {
        self.element_bits
    }

    /// The places of all elements of an item with these dimensions.
    fn walk(&self, dimensions: &[usize]) -> Walk {
        if self.fortran_order {
            Walk::fortran(dimensions, self.element_bits)
        } else {
            Walk::contiguous(dimensions, self.element_bits)
        }
    }
}

fn of_format(format: &Format) -> Node {
    let leaf = |field: &Field| Leaf {
        kind: match field.code {
            FieldCode::Unsigned => LeafKind::Unsigned,
            FieldCode::Signed => LeafKind::Signed,
            FieldCode::Float => LeafKind::Float,
            FieldCode::Bool => LeafKind::Bool,
            FieldCode::Char => LeafKind::Char,
        },
        bits: u64::from(field.bits),
        order: ByteOrder::Big,
    };
    if let Some(only) = format.single() {
        return Node::Leaf(leaf(&only));
    }
    let mut at = 0;
    let slots = format.fields().iter().enumerate().map(|(position, field)| {
        let leaf = leaf(field);
        let slot = Slot {
            name: format!("f{position}").into(),
            at,
            shape: Box::default(),
            bits: leaf.bits,
            node: Node::Leaf(leaf),
        };
        at += leaf.bits;
        slot
    });
    Node::Record(slots.collect())
}

fn of_dtype(dtype: &Dtype) -> Node {
    let (kind, order) = match dtype {
        Dtype::Bool => (LeafKind::Bool, ByteOrder::Big),
        Dtype::Unsigned { order, .. } => (LeafKind::Unsigned, *order),
        Dtype::Signed { order, .. } => (LeafKind::Signed, *order),
        Dtype::Float { order, .. } => (LeafKind::Float, *order),
        Dtype::Complex { order, .. } => (LeafKind::Complex, *order),
        Dtype::Bytes { .. } => (LeafKind::Bytes, ByteOrder::Big),
        Dtype::Text { order, .. } => (LeafKind::Text, *order),
        Dtype::Void { .. } => (LeafKind::Void, ByteOrder::Big),
        Dtype::Struct(members) => {
            let mut at = 0;
            let slots = members.iter().enumerate().map(|(position, member)| {
                let bits = member.dtype.bytes() as u64 * 8;
                let slot = Slot {
                    name: member.name_at(position).into(),
                    at,
                    shape: member.shape.as_slice().into(),
                    bits,
                    node: of_dtype(&member.dtype),
                };
                at += bits * elements(member.shape.iter()).unwrap_or(0) as u64;
                slot
            });
            return Node::Record(slots.collect());
        }
    };
    Node::Leaf(Leaf { kind, bits: dtype.bytes() as u64 * 8, order })
}

impl Leaf {
    /// The type in memory: the smallest that holds every value.
    fn element_type(self) -> ElementType {
        // Wider than any number that Rust has are byte strings; a leaf's bytes fit, since the descriptor was checked.
        let bytes = usize::try_from(self.bits.div_ceil(8)).unwrap_or(usize::MAX);
        match (self.kind, self.bits) {
            (LeafKind::Unsigned, 0..=8) => ElementType::U8,
            (LeafKind::Unsigned, 9..=16) => ElementType::U16,
            (LeafKind::Unsigned, 17..=32) => ElementType::U32,
            (LeafKind::Unsigned, 33..=64) => ElementType::U64,
            (LeafKind::Unsigned, 65..=128) => ElementType::U128,
            (LeafKind::Signed, 0..=8) => ElementType::I8,
            (LeafKind::Signed, 9..=16) => ElementType::I16,
            (LeafKind::Signed, 17..=32) => ElementType::I32,
            (LeafKind::Signed, 33..=64) => ElementType::I64,
            (LeafKind::Signed, 65..=128) => ElementType::I128,
            (LeafKind::Unsigned | LeafKind::Signed, _) => {
                ElementType::Wide { signed: self.kind == LeafKind::Signed, bytes }
            }
            (LeafKind::Float, 16) => ElementType::F16,
            (LeafKind::Float, 32) => ElementType::F32,
            (LeafKind::Float, _) => ElementType::F64,
            (LeafKind::Complex, 64) => ElementType::ComplexF32,
            (LeafKind::Complex, _) => ElementType::ComplexF64,
            (LeafKind::Bool, _) => ElementType::Bool,
            (LeafKind::Char, _) => ElementType::Char,
            (LeafKind::Bytes, _) => ElementType::Bytes(bytes),
            (LeafKind::Text, _) => ElementType::Text(bytes / 4),
            (LeafKind::Void, _) => ElementType::Void(bytes),
        }
    }

    /// Whether the leaf has the very bytes that it has in memory, but for their order.
    fn fills_its_type(self) -> bool {
        self.kind != LeafKind::Bool && self.element_type().bytes() as u64 * 8 == self.bits
    }

    /// Whether its bytes stand the other way round than this machine's; strings of bytes have no order.
    fn is_swapped(self) -> bool {
        let machine = if cfg!(target_endian = "big") { ByteOrder::Big } else { ByteOrder::Little };
        let ordered = !matches!(self.kind, LeafKind::Bytes | LeafKind::Void | LeafKind::Char);
        ordered && self.order != machine && self.bits > 8
    }

    /// The range of its integers, in words.
    fn range(self) -> String {
        match self.kind {
            LeafKind::Unsigned if self.bits <= 64 => format!("0 to {}", u64::MAX >> (64 - self.bits)),
            LeafKind::Signed if self.bits <= 64 => {
                format!("{} to {}", i64::MIN >> (64 - self.bits), i64::MAX >> (64 - self.bits))
            }
            LeafKind::Unsigned => format!("an unsigned number of {} bits", self.bits),
            LeafKind::Signed => format!("a signed number of {} bits", self.bits),
            _ => format!("a {}", self.element_type()),
        }
    }
}
