//! Bytes to values.

use bytes::Bytes;

use super::{Codec, Leaf, LeafKind, Node, Slot, Walk, bits, walk::Run};
use crate::{
    descriptor::{
        Shape,
        error::ValueProblem,
        shape::elements,
        value::{ElementType, Sealed, Store, Value},
    },
    heap::Item,
};

/// The bytes that an item's elements are in.
struct Data<'i> {
    bytes: &'i [u8],
    /// Their owner, if they may be shared.
    owner: Option<Bytes>,
}

impl Codec {
    /// The value of an item with this shape.
    ///
    /// The element of a dimension that varies is as large as the data allows; data left over is ignored. The elements of an immediate item stand
    /// at the end of its field.
    pub(in crate::descriptor) fn decode(&self, shape: &Shape, item: &Item) -> Result<Value, ValueProblem> {
        let found = item.bytes();
        let available = found.len() as u64 * 8 / self.element_bits;
        let variable = match shape.known_elements() {
            None | Some(0) => 0,
            Some(others) => available / others as u64,
        };
        let dimensions = shape.with_variable(usize::try_from(variable).unwrap_or(usize::MAX));
        let needed = elements(dimensions.iter()).filter(|needed| *needed as u64 <= available);
        let Some(needed) = needed else {
            let needed = elements(dimensions.iter());
            return Err(ValueProblem::TooShort {
                shape: shape.clone(),
                element_bits: self.element_bits,
                needed: needed.map(|needed| needed as u64 * self.element_bits),
                found: found.len() as u64,
            });
        };
        // No more than there are, so it fits.
        let length = usize::try_from((needed as u64 * self.element_bits).div_ceil(8)).unwrap_or(usize::MAX);
        let data = if item.is_immediate() {
            Data { bytes: &found[found.len() - length..], owner: None }
        } else {
            Data { bytes: &found[..length], owner: Some(item.to_bytes()) }
        };
        if self.chars
            && dimensions.len() == 1
            && let Some(at) = data.bytes.iter().position(|byte| !byte.is_ascii())
        {
            return Err(ValueProblem::NotAscii { at, byte: data.bytes[at] });
        }
        let walk = self.walk(&dimensions);
        self.node.decode(dimensions, &walk, &data)
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
        Ok(match self.element_type() {
            ElementType::U8 => self.unsigned::<u8>(walk, data, u8::narrowed),
            ElementType::U16 => self.unsigned::<u16>(walk, data, u16::narrowed),
            ElementType::U32 => self.unsigned::<u32>(walk, data, u32::narrowed),
            ElementType::U64 => self.unsigned::<u64>(walk, data, |word| word),
            ElementType::I8 => self.signed::<i8>(walk, data, |word| u8::narrowed(word) as i8),
            ElementType::I16 => self.signed::<i16>(walk, data, |word| u16::narrowed(word) as i16),
            ElementType::I32 => self.signed::<i32>(walk, data, |word| u32::narrowed(word) as i32),
            ElementType::I64 => self.signed::<i64>(walk, data, |word| word as i64),
            ElementType::U128 => self.numbers(walk, data, |run, out| {
                out.extend(run.places().map(|at| bits::read_wide(data.bytes, at, self.bits)))
            }),
            ElementType::I128 => {
                let unused = 128 - self.bits;
                let read = |at| (bits::read_wide(data.bytes, at, self.bits) << unused) as i128 >> unused;
                self.numbers(walk, data, |run, out| out.extend(run.places().map(read)))
            }
            ElementType::F16 => self.numbers(walk, data, |run, out| {
                let read = |at| half::f16::from_bits(u16::narrowed(bits::read(data.bytes, at, 16)));
                out.extend(run.places().map(read));
            }),
            ElementType::F32 => self.numbers(walk, data, |run, out| {
                out.extend(run.places().map(|at| f32::from_bits(u32::narrowed(bits::read(data.bytes, at, 32)))));
            }),
            ElementType::F64 => self.numbers(walk, data, |run, out| {
                out.extend(run.places().map(|at| f64::from_bits(bits::read(data.bytes, at, 64))));
            }),
            // Only numpy has complex numbers, at whole bytes.
            ElementType::ComplexF32 => self.numbers::<num_complex::Complex<f32>>(walk, data, |_, _| ()),
            ElementType::ComplexF64 => self.numbers::<num_complex::Complex<f64>>(walk, data, |_, _| ()),
            ElementType::Bool => {
                let mut out: Vec<bool> = Vec::with_capacity(walk.len());
                walk.runs().for_each(|run| out.extend(run.places().map(|at| bits::any(data.bytes, at, self.bits))));
                Store::from_vec(out)
            }
            ElementType::Text(_) => {
                let chars = Self { bits: 32, kind: LeafKind::Unsigned, ..self };
                let count = usize::try_from(self.bits / 32).unwrap_or(usize::MAX);
                let store = chars.decode(&walk.clone().into_parts(count, 32), data)?;
                let wrong = store.bytes().chunks_exact(4).map(u32::read).find(|char| char::from_u32(*char).is_none());
                match wrong {
                    Some(char) => return Err(ValueProblem::NotText { char }),
                    None => store,
                }
            }
            ElementType::Char | ElementType::Bytes(_) | ElementType::Void(_) => self.bytes(walk, data),
            ElementType::Wide { signed, .. } => {
                let mut out = Vec::new();
                for at in walk.runs().flat_map(Run::places) {
                    bits::read_bytes(data.bytes, at, self.bits, signed, &mut out);
                }
                Store::from_vec(out)
            }
            ElementType::Record => Store::from_vec(Vec::<u8>::new()),
        })
    }

    fn unsigned<T: Sealed + bytemuck::NoUninit + Send>(
        self,
        walk: &Walk,
        data: &Data<'_>,
        narrow: impl Fn(u64) -> T + Copy,
    ) -> Store {
        let unused = 64 - self.bits;
        self.numbers(walk, data, |run, out| self.integers(run, data, out, |word| narrow(word >> unused)))
    }

    fn signed<T: Sealed + bytemuck::NoUninit + Send>(
        self,
        walk: &Walk,
        data: &Data<'_>,
        narrow: impl Fn(u64) -> T + Copy,
    ) -> Store {
        let unused = 64 - self.bits;
        self.numbers(walk, data, |run, out| {
            self.integers(run, data, out, |word| narrow((word as i64 >> unused) as u64));
        })
    }

    fn integers<T: Copy>(self, run: Run, data: &Data<'_>, out: &mut Vec<T>, make: impl Fn(u64) -> T + Copy) {
        if self.bits <= bits::MAX_WINDOW {
            bits::unpack(data.bytes, run, self.bits, out, make);
        } else {
            out.extend(run.places().map(|at| make(bits::read(data.bytes, at, self.bits) << (64 - self.bits))));
        }
    }

    /// Numbers that have a type in Rust: shared if they can be, else converted whole if they have as many bytes, else run
    /// by run out of the bits.
    fn numbers<T: Sealed + bytemuck::NoUninit + Send>(
        self,
        walk: &Walk,
        data: &Data<'_>,
        unpack: impl Fn(Run, &mut Vec<T>),
    ) -> Store {
        if let Some(shared) = self.shared::<T>(walk, data) {
            return shared;
        }
        let mut out = Vec::with_capacity(walk.len());
        let swapped = self.is_swapped();
        for run in walk.runs() {
            if !self.fills_its_type() || !run.is_bytewise() {
                unpack(run, &mut out);
            } else if run.is_packed(self.bits) {
                let elements = data.bytes[run.bytes(self.bits)].chunks_exact(size_of::<T>()).map(T::read);
                if swapped { out.extend(elements.map(T::swapped)) } else { out.extend(elements) }
            } else {
                let bytes = |at| &data.bytes[Run { start: at, count: 1, stride: 0 }.bytes(self.bits)];
                let elements = run.places().map(|at| T::read(bytes(at)));
                if swapped { out.extend(elements.map(T::swapped)) } else { out.extend(elements) }
            }
        }
        Store::from_vec(out)
    }

    /// The memory of the item itself, if its elements stand in it as they do in ours.
    fn shared<T: Sealed>(self, walk: &Walk, data: &Data<'_>) -> Option<Store> {
        let run = walk.single_run()?;
        let usable = self.fills_its_type() && !self.is_swapped() && run.is_packed(self.bits);
        let bytes = usable.then(|| &data.bytes[run.bytes(self.bits)])?;
        T::view(bytes)?;
        Some(Store::Shared(data.owner.as_ref()?.slice_ref(bytes)))
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
}

/// The low bits of a word.
trait Narrow {
    fn narrowed(word: u64) -> Self;
}

macro_rules! narrow {
    ($($type:ty)*) => {$(
        impl Narrow for $type {
            #[inline(always)]
            #[expect(clippy::cast_possible_truncation, reason = "the low bits are what is asked for")]
            fn narrowed(word: u64) -> Self {
                word as Self
            }
        }
    )*};
}
narrow!(u8 u16 u32);
