//! Bytes to values.

use bytes::Bytes;

use super::{Codec, Leaf, LeafKind, Node, Slot, Walk, bits, walk::Run};
use crate::{
    descriptor::{
        Shape,
        error::ValueProblem,
        shape::elements,
        value::{Element, ElementType, Sealed, Store, Value, by_type},
    },
    heap::Item,
};

/// The bytes that an item's elements are in.
struct Data<'i> {
    bytes: &'i [u8],
    /// Their owner, if they may be shared.
    owner: Option<&'i Bytes>,
}

impl Codec {
    /// The value of an item with this shape.
    ///
    /// A dimension that varies is as large as the data allows; data left over is ignored. The elements of an immediate
    /// item stand at the end of its field.
    pub(in crate::descriptor) fn decode(&self, shape: &Shape, item: &Item) -> Result<Value, ValueProblem> {
        let (dimensions, data) = self.data(shape, item)?;
        let walk = self.walk(&dimensions);
        self.node.decode(dimensions, &walk, &data)
    }

    /// The elements of an item with this shape, if they are of this type, behind what `out` has.
    pub(in crate::descriptor) fn decode_into<T: Element>(
        &self,
        shape: &Shape,
        item: &Item,
        out: &mut Vec<T>,
    ) -> Result<(), ValueProblem> {
        let found = match &self.node {
            Node::Leaf(leaf) => leaf.element_type(),
            Node::Record(_) => ElementType::Record,
        };
        let (Node::Leaf(leaf), true) = (&self.node, found == T::TYPE) else {
            return Err(ValueProblem::Type { want: T::TYPE.to_string(), found: found.to_string() });
        };
        let (dimensions, data) = self.data(shape, item)?;
        let walk = self.walk(&dimensions);
        out.reserve(walk.len());
        leaf.read(&walk, &data, out);
        Ok(())
    }

    fn data<'i>(&self, shape: &Shape, item: &'i Item) -> Result<(Box<[usize]>, Data<'i>), ValueProblem> {
        let found = item.bytes();
        let available = found.len() as u64 * 8 / self.element_bits;
        let variable = match shape.known_elements() {
            None | Some(0) => 0,
            Some(others) => available / others as u64,
        };
        let dimensions = shape.with_variable(usize::try_from(variable).unwrap_or(usize::MAX));
        let needed = elements(dimensions.iter());
        let Some(elements) = needed.filter(|needed| *needed as u64 <= available) else {
            return Err(ValueProblem::TooShort {
                shape: shape.clone(),
                element_bits: self.element_bits,
                needed: needed.and_then(|needed| self.element_bits.checked_mul(needed as u64)),
                found: found.len() as u64,
            });
        };
        // No more than there are, so it fits.
        let length = usize::try_from((elements as u64 * self.element_bits).div_ceil(8)).unwrap_or(usize::MAX);
        let data = if item.is_immediate() {
            Data { bytes: &found[found.len() - length..], owner: None }
        } else {
            Data { bytes: &found[..length], owner: item.as_addressed() }
        };
        if self.chars
            && dimensions.len() == 1
            && let Some(at) = data.bytes.iter().position(|byte| !byte.is_ascii())
        {
            return Err(ValueProblem::NotAscii { at, byte: data.bytes[at] });
        }
        Ok((dimensions, data))
    }
}

impl Node {
    fn decode(&self, shape: Box<[usize]>, walk: &Walk, data: &Data<'_>) -> Result<Value, ValueProblem> {
        match self {
            Self::Leaf(leaf) => Ok(Value::decoded(shape, leaf.element_type(), leaf.decode(walk, data)?)),
            Self::Record(slots) => {
                let field = |slot: &Slot| {
                    let shape = [&shape[..], &slot.shape].concat().into();
                    let value = slot.node.decode(shape, &walk.slot(slot), data);
                    value.map(|value| (slot.name.clone(), value)).map_err(|problem| problem.in_field(&slot.name))
                };
                let fields = slots.iter().map(field).collect::<Result<_, _>>()?;
                Ok(Value::decoded_record(shape, fields))
            }
        }
    }
}

impl Leaf {
    fn decode(self, walk: &Walk, data: &Data<'_>) -> Result<Store, ValueProblem> {
        macro_rules! numbers {
            ($type:ty) => {
                self.numbers::<$type>(walk, data)
            };
        }
        Ok(by_type!(
            self.element_type(),
            numbers,
            match self.element_type() {
                ElementType::Text(_) => self.text(walk, data)?,
                ElementType::Wide { signed, .. } => {
                    let mut out = Vec::new();
                    for at in walk.runs().flat_map(Run::places) {
                        bits::read_bytes(data.bytes, at, self.bits, signed, &mut out);
                    }
                    Store::from_vec(out)
                }
                // Characters and bytes; a leaf is no record.
                _ => self.bytes(walk, data),
            }
        ))
    }

    /// Numbers that have a type in Rust: shared if they can be.
    fn numbers<T: Element>(self, walk: &Walk, data: &Data<'_>) -> Store {
        self.shared::<T>(walk, data).unwrap_or_else(|| {
            let mut out = Vec::with_capacity(walk.len());
            self.read::<T>(walk, data, &mut out);
            Store::from_vec(out)
        })
    }

    /// Numbers that have a type in Rust: whole if they have as many bytes, else out of the bits.
    fn read<T: Element>(self, walk: &Walk, data: &Data<'_>, out: &mut Vec<T>) {
        let swapped = self.is_swapped();
        for run in walk.runs() {
            if !self.fills_its_type() || !run.is_bytewise() {
                bits::unpack(data.bytes, run, self.bits, out);
            } else if run.is_packed(self.bits) {
                let elements = data.bytes[run.bytes(self.bits)].chunks_exact(size_of::<T>()).map(T::read);
                if swapped { out.extend(elements.map(T::swapped)) } else { out.extend(elements) }
            } else {
                let bytes = |at| &data.bytes[Run { start: at, count: 1, stride: 0 }.bytes(self.bits)];
                let elements = run.places().map(|at| T::read(bytes(at)));
                if swapped { out.extend(elements.map(T::swapped)) } else { out.extend(elements) }
            }
        }
    }

    /// The memory of the item itself, if its elements stand in it as they do in ours.
    fn shared<T: Element>(self, walk: &Walk, data: &Data<'_>) -> Option<Store> {
        let run = walk.single_run()?;
        let usable = self.fills_its_type() && !self.is_swapped() && run.is_packed(self.bits);
        let bytes = usable.then(|| &data.bytes[run.bytes(self.bits)])?;
        T::view(bytes)?;
        Some(Store::Shared(data.owner?.slice_ref(bytes)))
    }

    /// Leaves that are bytes in memory too.
    fn bytes(self, walk: &Walk, data: &Data<'_>) -> Store {
        if let Some(shared) = self.shared::<u8>(walk, data) {
            return shared;
        }
        let mut out = Vec::new();
        for run in walk.runs() {
            if run.is_packed(self.bits) {
                out.extend_from_slice(&data.bytes[run.bytes(self.bits)]);
            } else {
                run.places().for_each(|at| bits::read_bytes(data.bytes, at, self.bits, false, &mut out));
            }
        }
        Store::from_vec(out)
    }

    /// Characters of four bytes, all of which must exist.
    fn text(self, walk: &Walk, data: &Data<'_>) -> Result<Store, ValueProblem> {
        let char = Self { bits: 32, kind: LeafKind::Unsigned, ..self };
        let count = usize::try_from(self.bits / 32).unwrap_or(usize::MAX);
        let store = char.numbers::<u32>(&walk.clone().into_parts(count, 32), data);
        match store.bytes().chunks_exact(4).map(u32::read).find(|char| char::from_u32(*char).is_none()) {
            Some(char) => Err(ValueProblem::NotText { char }),
            None => Ok(store),
        }
    }
}
