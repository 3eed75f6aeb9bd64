//! Values to bytes.

use std::borrow::Cow;

use bytes::Bytes;
use half::f16;
use num_complex::Complex;

use super::{Codec, Leaf, LeafKind, Node, Walk, bits, walk::Run};
use crate::descriptor::{
    Shape,
    error::ValueProblem,
    shape::elements,
    value::{Element, ElementType, Number, Sealed, Value},
};

impl Codec {
    /// The bytes of an item of this shape that has this value.
    pub(in crate::descriptor) fn encode(&self, shape: &Shape, value: &Value) -> Result<Bytes, ValueProblem> {
        let dimensions = self.node.dimensions(shape, value, &[])?;
        let too_large = || ValueProblem::Shape { want: shape.clone(), found: value.shape().into() };
        let count = elements(dimensions.iter()).ok_or_else(too_large)?;
        let bits = (count as u64).checked_mul(self.element_bits).ok_or_else(too_large)?;
        // One dimension of characters that is not flat is text, which only reads back if it is ASCII.
        if self.chars
            && dimensions.len() == 1
            && let (ElementType::Char, false, Some(store)) = (value.element_type(), value.is_flat(), value.store())
            && let Some(at) = store.bytes().iter().position(|byte| !byte.is_ascii())
        {
            return Err(ValueProblem::NotAscii { at, byte: store.bytes()[at] });
        }
        let walk = self.walk(&dimensions);
        if let Some(bytes) = self.node.shared(&walk, value) {
            return Ok(bytes);
        }
        let mut out = vec![0; usize::try_from(bits.div_ceil(8)).map_err(|_| too_large())?];
        let wraps = self.wraps && dimensions.is_empty();
        self.node.encode(&dimensions, &walk, value, wraps, &mut out)?;
        Ok(out.into())
    }
}

impl Node {
    /// The dimensions of the item: those of the value, unless it leaves them to the descriptor. `inner` are the
    /// dimensions that follow them, in the sub-arrays around this node.
    fn dimensions(&self, shape: &Shape, value: &Value, inner: &[usize]) -> Result<Box<[usize]>, ValueProblem> {
        let wrong = || ValueProblem::Shape { want: shape.clone(), found: value.shape().into() };
        let leaf = match self {
            Self::Leaf(leaf) => leaf,
            Self::Record(slots) => {
                // Padding may be missing; any field will do.
                let found = slots.iter().find_map(|slot| Some((slot, value.field(&slot.name)?)));
                let (slot, field) = found.ok_or_else(|| ValueProblem::Type {
                    want: "record".to_owned(),
                    found: value.element_type().to_string(),
                })?;
                let inner = [inner, &slot.shape].concat();
                return slot.node.dimensions(shape, field, &inner).map_err(|problem| problem.in_field(&slot.name));
            }
        };
        let one_text = leaf.takes_as_one(value);
        if !value.is_flat() && !one_text {
            let outer = value.shape().strip_suffix(inner).ok_or_else(wrong)?;
            return if shape.accepts(outer) { Ok(outer.into()) } else { Err(wrong()) };
        }
        let others =
            shape.known_elements().and_then(|known| known.checked_mul(elements(inner.iter())?)).ok_or_else(wrong)?;
        let count = if one_text { 1 } else { value.len() };
        let variable = match (shape.is_variable(), others) {
            (false, _) if count == others => 0,
            (true, 1..) if count.is_multiple_of(others) => count / others,
            (true, 0) if count == 0 => 0,
            _ => return Err(ValueProblem::Count { want: shape.clone(), found: count }),
        };
        Ok(shape.with_variable(variable))
    }

    /// The memory of the value itself, if its elements stand in it as they do in the item.
    fn shared(&self, walk: &Walk, value: &Value) -> Option<Bytes> {
        let Self::Leaf(leaf) = self else {
            return None;
        };
        let run = walk.single_run()?;
        let same = leaf.element_type() == value.element_type() && leaf.fills_its_type() || leaf.is_byte_bool(value);
        (same && !leaf.is_swapped() && run.is_packed(leaf.bits)).then(|| value.store().map(|store| store.to_bytes()))?
    }

    fn encode(
        &self,
        dimensions: &[usize],
        walk: &Walk,
        value: &Value,
        wraps: bool,
        out: &mut [u8],
    ) -> Result<(), ValueProblem> {
        let slots = match self {
            Self::Leaf(leaf) => return leaf.encode(dimensions, walk, value, wraps, out),
            Self::Record(slots) => slots,
        };
        if !value.is_record() {
            return Err(ValueProblem::Type { want: "record".to_owned(), found: value.element_type().to_string() });
        }
        if let Some((name, _)) = value.fields().find(|(name, _)| slots.iter().all(|slot| *slot.name != **name)) {
            return Err(ValueProblem::UnknownField { field: name.to_owned() });
        }
        for slot in slots.iter() {
            let Some(field) = value.field(&slot.name) else {
                // What nobody gives a meaning to stays zero.
                if matches!(slot.node, Self::Leaf(Leaf { kind: LeafKind::Void, .. })) {
                    continue;
                }
                return Err(ValueProblem::MissingField { field: slot.name.to_string() });
            };
            let dimensions = [dimensions, &slot.shape].concat();
            slot.node
                .encode(&dimensions, &walk.slot(slot), field, false, out)
                .map_err(|problem| problem.in_field(&slot.name))?;
        }
        Ok(())
    }
}

impl Leaf {
    /// Booleans of one byte are 0 and 1 on both sides.
    fn is_byte_bool(self, value: &Value) -> bool {
        self.kind == LeafKind::Bool && self.bits == 8 && value.element_type() == ElementType::Bool
    }

    /// Whether the value is a text for one string of numpy's: one element, not one for each character.
    fn takes_as_one(self, value: &Value) -> bool {
        matches!(self.kind, LeafKind::Bytes | LeafKind::Text) && value.element_type() == ElementType::Char
    }

    fn encode(
        self,
        dimensions: &[usize],
        walk: &Walk,
        value: &Value,
        wraps: bool,
        out: &mut [u8],
    ) -> Result<(), ValueProblem> {
        let fits = if self.takes_as_one(value) {
            walk.len() == 1
        } else if value.is_flat() {
            value.len() == walk.len()
        } else {
            value.shape() == dimensions
        };
        if !fits {
            return Err(ValueProblem::Shape { want: Shape::from(dimensions), found: value.shape().into() });
        }
        macro_rules! integers {
            ($type:ty, $word:ty) => {
                self.put_integers(walk, &self.cast::<$type>(value, wraps)?, wraps, out, |value| value as $word as u64)?
            };
        }
        macro_rules! wide_integers {
            ($type:ty) => {{
                let values = self.cast::<$type>(value, wraps)?;
                self.check(&values, |value| <$type>::from_wide(value as u128, self.bits))?;
                each(walk, &values, |at, value| bits::write_wide(out, at, self.bits, value as u128));
            }};
        }
        match self.element_type() {
            ElementType::U8 => integers!(u8, u64),
            ElementType::U16 => integers!(u16, u64),
            ElementType::U32 => integers!(u32, u64),
            ElementType::U64 => integers!(u64, u64),
            ElementType::I8 => integers!(i8, i64),
            ElementType::I16 => integers!(i16, i64),
            ElementType::I32 => integers!(i32, i64),
            ElementType::I64 => integers!(i64, i64),
            ElementType::U128 => wide_integers!(u128),
            ElementType::I128 => wide_integers!(i128),
            ElementType::F16 => self.put_numbers(walk, &self.cast::<f16>(value, wraps)?, out, |_, _, _| ()),
            ElementType::F32 => self.put_numbers(walk, &self.cast::<f32>(value, wraps)?, out, |out, at, value| {
                bits::write(out, at, 32, u64::from(value.to_bits()));
            }),
            ElementType::F64 => self.put_numbers(walk, &self.cast::<f64>(value, wraps)?, out, |out, at, value| {
                bits::write(out, at, 64, value.to_bits());
            }),
            ElementType::ComplexF32 => {
                self.put_numbers(walk, &self.cast::<Complex<f32>>(value, wraps)?, out, |_, _, _| ())
            }
            ElementType::ComplexF64 => {
                self.put_numbers(walk, &self.cast::<Complex<f64>>(value, wraps)?, out, |_, _, _| ())
            }
            ElementType::Bool => {
                let values = self.cast::<bool>(value, wraps)?;
                // The lowest bit of the field, whatever its width.
                each(walk, &values, |at, value| bits::write(out, at + self.bits - 1, 1, u64::from(value)));
            }
            ElementType::Char => self.chars(walk, value, out)?,
            ElementType::Bytes(width) => self.byte_strings(walk, value, width, out)?,
            ElementType::Text(width) => self.texts(walk, value, width, out)?,
            ElementType::Void(_) => {
                let bytes = self.bytes_of(value, value.element_type() == self.element_type())?;
                self.put_bytes(walk, bytes, out);
            }
            ElementType::Wide { .. } => self.wide(walk, value, out)?,
            ElementType::Record => {}
        }
        Ok(())
    }

    /// The elements in the leaf's own type, cast as numpy would; integers may still be too wide for a leaf that is narrower.
    fn cast<T: Element>(self, value: &Value, wraps: bool) -> Result<Cow<'_, [T]>, ValueProblem> {
        if let Some(elements) = value.as_slice::<T>() {
            return Ok(Cow::Borrowed(elements));
        }
        let cast = |number| T::from_number(if wraps { self.wrapped(number) } else { number });
        match value.map_numbers(cast) {
            Some(cast) => cast.map(Cow::Owned).map_err(|(index, number)| self.out_of_range(index, number)),
            None => Err(self.wrong_type(value)),
        }
    }

    /// Whether all integers are what they are when they are cut to the leaf's bits.
    fn check<T: Element>(self, values: &[T], cut: impl Fn(T) -> T) -> Result<(), ValueProblem> {
        // All are looked at, without a branch, as almost always all are right.
        if self.fills_its_type() || values.iter().fold(true, |right, value| right & (cut(*value) == *value)) {
            return Ok(());
        }
        match values.iter().enumerate().find(|(_, value)| cut(**value) != **value) {
            Some((index, value)) => Err(self.out_of_range(index, value.number())),
            None => Ok(()),
        }
    }

    fn out_of_range(self, index: usize, number: Number) -> ValueProblem {
        ValueProblem::OutOfRange { index, value: number.to_string(), want: self.range() }
    }

    /// An integer modulo the leaf's width: what spead2 does with scalars of 24, 40, 48 and 56 bits.
    fn wrapped(self, number: Number) -> Number {
        let unused = 128 - self.bits;
        let bits = match number {
            Number::Unsigned(value) => value,
            Number::Signed(value) => value as u128,
            other => return other,
        };
        if self.kind == LeafKind::Unsigned {
            Number::Unsigned(bits << unused >> unused)
        } else {
            Number::Signed((bits << unused) as i128 >> unused)
        }
    }

    fn put_integers<T: Element>(
        self,
        walk: &Walk,
        values: &[T],
        wraps: bool,
        out: &mut [u8],
        widen: impl Fn(T) -> u64 + Copy,
    ) -> Result<(), ValueProblem> {
        let unused = 64 - self.bits;
        if !wraps {
            self.check(values, |value| T::from_top(widen(value) << unused, self.bits))?;
        }
        match walk.single_run() {
            Some(run) if !self.fills_its_type() && run.start == 0 && run.stride == self.bits => {
                bits::pack(values, self.bits, widen, out);
            }
            _ => self.put_numbers(walk, values, out, |out, at, value| {
                bits::write(out, at, self.bits, widen(value) << unused >> unused);
            }),
        }
        Ok(())
    }

    /// Numbers that have a type in Rust: whole if they have as many bytes, else bit by bit.
    fn put_numbers<T: Element>(self, walk: &Walk, values: &[T], out: &mut [u8], pack: impl Fn(&mut [u8], u64, T)) {
        let swapped = self.is_swapped();
        let mut left = values;
        for run in walk.runs() {
            let (values, rest) = left.split_at(run.count.min(left.len()));
            left = rest;
            if !self.fills_its_type() || !run.is_bytewise() {
                run.places().zip(values).for_each(|(at, value)| pack(out, at, *value));
            } else if run.is_packed(self.bits) {
                let to = &mut out[run.bytes(self.bits)];
                let write = |(to, value): (&mut [u8], T)| to.copy_from_slice(bytemuck::bytes_of(&value));
                let to = to.chunks_exact_mut(size_of::<T>());
                if swapped {
                    to.zip(values.iter().map(|value| value.swapped())).for_each(write);
                } else {
                    to.zip(values.iter().copied()).for_each(write);
                }
            } else {
                for (at, value) in run.places().zip(values) {
                    let value = if swapped { value.swapped() } else { *value };
                    let place = Run { start: at, count: 1, stride: 0 };
                    out[place.bytes(self.bits)].copy_from_slice(bytemuck::bytes_of(&value));
                }
            }
        }
    }

    fn chars(self, walk: &Walk, value: &Value, out: &mut [u8]) -> Result<(), ValueProblem> {
        let is_char = matches!(value.element_type(), ElementType::Char | ElementType::U8 | ElementType::Bytes(1));
        let bytes = self.bytes_of(value, is_char)?;
        self.put_bytes(walk, bytes, out);
        Ok(())
    }

    /// Strings, cut or filled up with NULs to the leaf's width; what would be cut must be NULs.
    fn byte_strings(self, walk: &Walk, value: &Value, width: usize, out: &mut [u8]) -> Result<(), ValueProblem> {
        let text;
        let (bytes, from) = match value.element_type() {
            ElementType::Char => {
                text = self.bytes_of(value, true)?;
                (text, text.len())
            }
            ElementType::Bytes(from) => (self.bytes_of(value, true)?, from),
            _ => return Err(self.wrong_type(value)),
        };
        let places = walk.runs().flat_map(Run::places);
        // A text may be empty, and is one element all the same.
        let strings: Box<dyn Iterator<Item = &[u8]>> =
            if from == 0 { Box::new(std::iter::once(&[][..])) } else { Box::new(bytes.chunks_exact(from)) };
        for (index, (at, string)) in places.zip(strings).enumerate() {
            let (string, cut) = string.split_at(width.min(string.len()));
            if cut.iter().any(|byte| *byte != 0) {
                return Err(ValueProblem::TooLong { index, want: width });
            }
            for (at, byte) in (at..).step_by(8).zip(string) {
                bits::write(out, at, 8, u64::from(*byte));
            }
        }
        Ok(())
    }

    fn texts(self, walk: &Walk, value: &Value, width: usize, out: &mut [u8]) -> Result<(), ValueProblem> {
        let texts = match value.element_type() {
            ElementType::Char => {
                let text = std::str::from_utf8(self.bytes_of(value, true)?).map_err(|_| self.wrong_type(value))?;
                vec![text.to_owned()]
            }
            _ => value.to_texts().ok_or_else(|| self.wrong_type(value))?,
        };
        let char = Self { kind: LeafKind::Unsigned, bits: 32, ..self };
        for (index, (at, text)) in walk.runs().flat_map(Run::places).zip(&texts).enumerate() {
            let chars: Vec<u32> = text.chars().map(u32::from).collect();
            if chars.len() > width {
                return Err(ValueProblem::TooLong { index, want: width });
            }
            char.put_numbers(&Walk::at(at).into_parts(chars.len(), 32), &chars, out, |_, _, _| ());
        }
        Ok(())
    }

    /// Integers of more than 128 bits, from their like or from smaller ones.
    fn wide(self, walk: &Walk, value: &Value, out: &mut [u8]) -> Result<(), ValueProblem> {
        let places = walk.runs().flat_map(Run::places);
        if value.element_type() == self.element_type() {
            let bytes = self.bytes_of(value, true)?;
            let unused = self.bits.next_multiple_of(8) - self.bits;
            for (index, (at, value)) in places.zip(bytes.chunks_exact(self.element_type().bytes())).enumerate() {
                let top = i8::from_ne_bytes([value[0]]) >> (7 - unused);
                let fits = match self.kind {
                    LeafKind::Unsigned => u32::from(value[0]) >> (8 - unused) == 0,
                    _ => matches!(top, 0 | -1),
                };
                if !fits {
                    return Err(ValueProblem::OutOfRange {
                        index,
                        value: "this number".to_owned(),
                        want: self.range(),
                    });
                }
                bits::write_bytes(out, at, self.bits, value);
            }
            return Ok(());
        }
        let signed = self.kind == LeafKind::Signed;
        let bytes = |number| match number {
            Number::Unsigned(value) => Some((0, value.to_be_bytes())),
            Number::Signed(value @ 0..) => Some((0, value.to_be_bytes())),
            Number::Signed(value) => signed.then_some((0xff, value.to_be_bytes())),
            Number::Bool(value) => Some((0, u128::from(value).to_be_bytes())),
            Number::Float(_) | Number::Complex(_) => None,
        };
        let numbers = value.map_numbers(bytes).ok_or_else(|| self.wrong_type(value))?.map_err(|(index, number)| {
            ValueProblem::OutOfRange { index, value: number.to_string(), want: self.range() }
        })?;
        for (at, (fill, number)) in places.zip(numbers) {
            let fills = usize::try_from(self.bits.div_ceil(8)).unwrap_or(usize::MAX).saturating_sub(number.len());
            let number = [vec![fill; fills], number.to_vec()].concat();
            bits::write_bytes(out, at, self.bits, &number);
        }
        Ok(())
    }

    /// The memory of a value whose type the caller has judged.
    fn bytes_of(self, value: &Value, right: bool) -> Result<&[u8], ValueProblem> {
        match value.store() {
            Some(store) if right => Ok(store.bytes()),
            _ => Err(self.wrong_type(value)),
        }
    }

    /// Bytes that are the same in memory and in the item.
    fn put_bytes(self, walk: &Walk, bytes: &[u8], out: &mut [u8]) {
        let width = self.element_type().bytes();
        for (at, element) in walk.runs().flat_map(Run::places).zip(bytes.chunks_exact(width)) {
            bits::write_bytes(out, at, self.bits, element);
        }
    }

    fn wrong_type(self, value: &Value) -> ValueProblem {
        ValueProblem::Type { want: self.element_type().to_string(), found: value.element_type().to_string() }
    }
}

fn each<T: Copy>(walk: &Walk, values: &[T], mut write: impl FnMut(u64, T)) {
    walk.runs().flat_map(Run::places).zip(values).for_each(|(at, value)| write(at, *value));
}
