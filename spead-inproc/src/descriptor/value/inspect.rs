use std::borrow::Cow;

use bytes::Bytes;
use half::f16;
use num_complex::Complex;

use super::{Body, Element, ElementType, Number, Sealed, Store, Value, by_type, text_of};

/// What an array of numbers looks like from afar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    /// The least and the greatest, as they are written; of complex numbers their magnitudes. NaNs do not count.
    pub(crate) range: Option<(String, String)>,
    pub(crate) mean: Complex<f64>,
    pub(crate) rms: f64,
    pub(crate) zeros: usize,
    pub(crate) nans: usize,
    pub(crate) infinities: usize,
}

impl Value {
    /// From afar; nothing for what are no numbers.
    pub(crate) fn summary(&self) -> Option<Summary> {
        macro_rules! summary {
            ($type:ty) => {
                Some(summary(self.as_slice::<$type>()?))
            };
        }
        by_type!(self.element_type(), summary, None)
    }

    /// How the element at this place (in C order) is written.
    pub(crate) fn text_at(&self, at: usize) -> String {
        let kind = self.element_type();
        if let Some(number) = self.number(at) {
            return text(kind, number);
        }
        if let Some(mut elements) = self.raw_elements() {
            let text = elements.nth(at).and_then(|element| match kind {
                ElementType::Text(_) => text_of(element).map(|text| format!("{text:?}")),
                _ => Some(format!("b\"{}\"", kind.trimmed(element).escape_ascii())),
            });
            return text.unwrap_or_default();
        }
        let fields = self.fields().map(|(name, value)| {
            if value.has_no_bytes() {
                return format!("{name} []");
            }
            let each = value.len() / self.len().max(1);
            let texts: Vec<_> = (at * each..(at + 1) * each).map(|at| value.text_at(at)).collect();
            if each == 1 { format!("{name} {}", texts[0]) } else { format!("{name} [{}]", texts.join(", ")) }
        });
        format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
    }

    /// The element at this place, if it is a number; without a look at the others.
    pub(super) fn number(&self, at: usize) -> Option<Number> {
        let element = self.raw_elements()?.nth(at)?;
        macro_rules! number {
            ($type:ty) => {
                Some(<$type>::read(element).number())
            };
        }
        by_type!(self.element_type(), number, None)
    }

    /// Whether nothing was sent for the elements, however many a record has.
    fn has_no_bytes(&self) -> bool {
        self.is_empty() || self.is_record() && self.fields().all(|(_, value)| value.has_no_bytes())
    }

    /// The element at this place (in C order) as a number.
    pub(crate) fn number_at(&self, at: usize) -> Option<Complex<f64>> {
        self.number(at).map(Number::as_complex)
    }

    /// The element at this place (in C order), if it is an integer that fits.
    pub(crate) fn integer_at(&self, at: usize) -> Option<i128> {
        match self.number(at)? {
            Number::Unsigned(value) => i128::try_from(value).ok(),
            Number::Signed(value) => Some(value),
            Number::Bool(_) | Number::Float(_) | Number::Complex(_) => None,
        }
    }

    /// The elements in C order, least significant byte first on every machine; of a record those of each field.
    pub(crate) fn little_endian(&self) -> Cow<'_, [u8]> {
        let Some(store) = self.store() else {
            return Cow::Owned(self.fields().flat_map(|(_, value)| value.little_endian().into_owned()).collect());
        };
        let part = match self.element_type() {
            ElementType::ComplexF32 | ElementType::Text(_) => 4,
            ElementType::ComplexF64 => 8,
            ElementType::Bytes(_) | ElementType::Void(_) | ElementType::Wide { .. } | ElementType::Record => 1,
            kind => kind.bytes(),
        };
        if cfg!(target_endian = "little") || part == 1 {
            return Cow::Borrowed(store.bytes());
        }
        Cow::Owned(store.bytes().chunks_exact(part).flat_map(|number| number.iter().rev().copied()).collect())
    }

    /// A value of the same type and shape with other elements, given as [`little_endian`](Self::little_endian) gives them.
    /// Nothing if there are not as many.
    pub(crate) fn like(&self, little_endian: &[u8]) -> Option<Self> {
        let Body::Elements { kind, store } = &self.body else { return None };
        if store.bytes().len() != little_endian.len() || cfg!(target_endian = "big") {
            return None;
        }
        macro_rules! aligned {
            ($type:ty) => {{
                let width = size_of::<$type>();
                let read = <$type as Sealed>::read;
                Store::from_vec(little_endian.chunks_exact(width).map(read).collect::<Vec<$type>>())
            }};
        }
        let store = by_type!(self.element_type(), aligned, Store::Shared(Bytes::copy_from_slice(little_endian)));
        Some(Self::decoded(self.shape.clone(), *kind, store))
    }

    /// A value of the same type and shape with other numbers, rounded as the type demands. Nothing if there are not as many,
    /// or one does not fit.
    pub(crate) fn with_numbers(&self, numbers: &[Complex<f64>]) -> Option<Self> {
        self.with(numbers.iter().map(|number| match number.im {
            0.0 => Number::Float(number.re),
            _ => Number::Complex(*number),
        }))
    }

    /// The same with integers, none of which is rounded.
    pub(crate) fn with_integers(&self, integers: &[i128]) -> Option<Self> {
        self.with(integers.iter().copied().map(Number::Signed))
    }

    fn with(&self, numbers: impl ExactSizeIterator<Item = Number>) -> Option<Self> {
        if numbers.len() != self.len() {
            return None;
        }
        macro_rules! from {
            ($type:ty) => {{
                let elements = numbers.map(<$type as Sealed>::from_number);
                Some(Store::from_vec(elements.collect::<Option<Vec<$type>>>()?))
            }};
        }
        let store = by_type!(self.element_type(), from, None)?;
        Some(Self::decoded(self.shape.clone(), self.element_type(), store))
    }

    /// The type of the elements as numpy writes it, after [`little_endian`](Self::little_endian); nothing for those that
    /// numpy does not know.
    pub(crate) fn numpy_type(&self) -> Option<String> {
        Some(match self.element_type() {
            ElementType::Bool => "|b1".to_owned(),
            ElementType::U8 => "|u1".to_owned(),
            ElementType::I8 => "|i1".to_owned(),
            kind @ (ElementType::U16 | ElementType::U32 | ElementType::U64) => format!("<u{}", kind.bytes()),
            kind @ (ElementType::I16 | ElementType::I32 | ElementType::I64) => format!("<i{}", kind.bytes()),
            kind @ (ElementType::F16 | ElementType::F32 | ElementType::F64) => format!("<f{}", kind.bytes()),
            kind @ (ElementType::ComplexF32 | ElementType::ComplexF64) => format!("<c{}", kind.bytes()),
            ElementType::Char => "|S1".to_owned(),
            ElementType::Bytes(bytes) => format!("|S{bytes}"),
            ElementType::Void(bytes) => format!("|V{bytes}"),
            ElementType::Text(chars) => format!("<U{chars}"),
            _ => return None,
        })
    }
}

/// A number with the digits that elements of this type can tell apart.
#[expect(clippy::cast_possible_truncation, reason = "what came from a narrower float goes back to it unchanged")]
fn text(kind: ElementType, number: Number) -> String {
    match (number, kind) {
        (Number::Float(value), ElementType::F16) => shortest(format!("{:?}", f16::from_f64(value))),
        (Number::Float(value), ElementType::F32) => shortest(format!("{:?}", value as f32)),
        (Number::Float(value), _) => shortest(format!("{value:?}")),
        (Number::Complex(value), kind) => {
            let narrow = kind == ElementType::ComplexF32;
            let text = |part: f64| if narrow { (part as f32).to_string() } else { part.to_string() };
            let (re, im) = (text(value.re), text(value.im));
            // What is no number is written without a sign.
            let sign = if im.starts_with('-') { "" } else { "+" };
            format!("{re}{sign}{im}i")
        }
        (number, _) => number.to_string(),
    }
}

/// Whole floats keep their point, so that they are not taken for integers.
fn shortest(text: String) -> String {
    if text.contains(['.', 'e', 'N', 'i']) { text } else { format!("{text}.0") }
}

fn summary<T: Element>(elements: &[T]) -> Summary {
    let is_complex = matches!(T::TYPE, ElementType::ComplexF32 | ElementType::ComplexF64);
    let magnitude = |value: Complex<f64>| if is_complex { value.norm() } else { value.re };
    let (mut zeros, mut nans, mut infinities) = (0, 0, 0);
    let (mut sum, mut squares) = (Complex::new(0.0, 0.0), 0.0);
    let mut range: Option<((f64, T), (f64, T))> = None;
    for element in elements {
        let value = element.number().as_complex();
        if value.is_nan() {
            nans += 1;
            continue;
        }
        if !value.is_finite() {
            infinities += 1;
        }
        if value.re == 0.0 && value.im == 0.0 {
            zeros += 1;
        }
        sum += value;
        squares += value.norm_sqr();
        let size = magnitude(value);
        let (least, greatest) = range.get_or_insert(((size, *element), (size, *element)));
        if size < least.0 {
            *least = (size, *element);
        }
        if size > greatest.0 {
            *greatest = (size, *element);
        }
    }
    let count = (elements.len() - nans).max(1) as f64;
    let shown = |(size, element): (f64, T)| {
        if is_complex { shortest(format!("{:?}", (size * 1e6).round() / 1e6)) } else { text(T::TYPE, element.number()) }
    };
    Summary {
        range: range.map(|(least, greatest)| (shown(least), shown(greatest))),
        mean: sum / count,
        rms: (squares / count).sqrt(),
        zeros,
        nans,
        infinities,
    }
}
