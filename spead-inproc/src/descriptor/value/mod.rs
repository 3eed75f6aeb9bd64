//! Values: what the items of a heap say, as Rust sees it.

mod convert;
mod element;
mod inspect;
mod integers;
#[cfg(feature = "ndarray")]
mod ndarray;
mod store;

use std::{borrow::Cow, fmt, slice::ChunksExact, sync::Arc};

use bytes::Bytes;
pub use element::{Element, ElementType};
pub(super) use element::{
    by_type,
    sealed::{Number, Sealed},
};
pub(crate) use inspect::Summary;
use num_complex::Complex;
pub(super) use store::Store;

use super::shape::elements;

/// The value of an item: one element, or an array of elements of one type, or several named values side by side.
///
/// A value is made from what Rust has: numbers, `bool`, `str`, vectors and slices of numbers, arrays, and with the feature `ndarray`
/// its arrays. A `Vec` or slice is *flat*: the descriptor of the item shapes it. Arrays bring a shape, which must match.
/// [`Value::record`] puts values side by side, for items whose elements have several fields.
///
/// A value read from an item shares the memory of the heap if byte order and alignment are this machine's; else it was
/// converted once. Clones share.
///
/// ```
/// use spead_inproc::Value;
///
/// let value = Value::from(vec![1i32, 2, 3, 4, 5, 6]);
/// assert_eq!(value.as_slice::<i32>(), Some(&[1, 2, 3, 4, 5, 6][..]));
/// assert_eq!(value.to_vec::<f64>().unwrap()[5], 6.0);
/// assert_eq!(Value::from([[1u8, 2, 3], [4, 5, 6]]).shape(), [2, 3]);
/// assert_eq!(Value::from(-5i16).as_i64(), Some(-5));
/// assert_eq!(Value::from("Hello").as_str().unwrap(), "Hello");
/// ```
#[derive(Clone)]
pub struct Value {
    shape: Box<[usize]>,
    /// Whether the descriptor may give it another shape.
    flat: bool,
    body: Body,
}

#[derive(Clone)]
enum Body {
    Elements { kind: ElementType, store: Store },
    Record(Arc<[(Box<str>, Value)]>),
}

impl Value {
    /// Characters of one byte each, as SPEAD's `c8` carries them; flat.
    #[must_use]
    pub fn chars(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::flat(bytes.len(), ElementType::Char, Store::Shared(bytes))
    }

    /// Strings of bytes, as numpy's `S` carries them; flat.
    #[must_use]
    pub fn byte_strings<S: AsRef<[u8]>>(strings: &[S]) -> Self {
        let width = strings.iter().map(|string| string.as_ref().len()).max().unwrap_or(0).max(1);
        let mut bytes = Vec::with_capacity(width * strings.len());
        for string in strings {
            bytes.extend_from_slice(string.as_ref());
            bytes.resize(bytes.len().next_multiple_of(width), 0);
            if string.as_ref().is_empty() {
                bytes.resize(bytes.len() + width, 0);
            }
        }
        Self::flat(strings.len(), ElementType::Bytes(width), Store::from_vec(bytes))
    }

    /// Texts, as numpy's `U` carries them; flat.
    #[must_use]
    pub fn texts<S: AsRef<str>>(texts: &[S]) -> Self {
        let width = texts.iter().map(|text| text.as_ref().chars().count()).max().unwrap_or(0).max(1);
        let mut chars: Vec<u32> = Vec::with_capacity(width * texts.len());
        for (at, text) in texts.iter().enumerate() {
            chars.extend(text.as_ref().chars().map(u32::from));
            chars.resize((at + 1) * width, 0);
        }
        Self::flat(texts.len(), ElementType::Text(width), Store::from_vec(chars))
    }

    /// Values side by side, each with a name: what an item with several fields carries, field by field.
    ///
    /// A field's value has the item's dimensions, followed by its own if it is a sub-array. The fields of a SPEAD format
    /// are called `f0`, `f1`, …
    ///
    /// ```
    /// use spead_inproc::{Descriptor, Value};
    ///
    /// let value = Value::record([("f0", Value::from(5u8)), ("f1", Value::from(7u8))]);
    /// let descriptor = Descriptor::new(0x2000, "pair", "").format("u3 u5").build()?;
    /// assert_eq!(descriptor.encode(&value)?[..], [0xa7]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn record<N: Into<Box<str>>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        let fields: Arc<[(Box<str>, Self)]> = fields.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let mut shape = fields.first().map_or(&[][..], |(_, value)| value.shape());
        for (_, value) in fields.iter() {
            let common = shape.iter().zip(value.shape()).take_while(|(a, b)| a == b).count();
            shape = &shape[..common];
        }
        Self { shape: shape.into(), flat: true, body: Body::Record(Arc::clone(&fields)) }
    }

    /// The same elements in another shape, which is then a part of the value.
    ///
    /// # Errors
    /// The value unchanged, if the shape has another number of elements, or if it is a record, which has the shape that its
    /// fields share.
    pub fn with_shape(self, shape: &[usize]) -> Result<Self, Self> {
        let fits = !self.is_record() && elements(shape.iter()) == Some(self.len());
        if fits { Ok(Self { shape: shape.into(), flat: false, body: self.body }) } else { Err(self) }
    }

    pub(super) const fn decoded(shape: Box<[usize]>, kind: ElementType, store: Store) -> Self {
        Self { shape, flat: false, body: Body::Elements { kind, store } }
    }

    pub(super) fn decoded_record(shape: Box<[usize]>, fields: Vec<(Box<str>, Self)>) -> Self {
        Self { shape, flat: false, body: Body::Record(fields.into()) }
    }

    fn flat(length: usize, kind: ElementType, store: Store) -> Self {
        Self { shape: Box::new([length]), flat: true, body: Body::Elements { kind, store } }
    }

    fn scalar<T: Element>(element: T) -> Self {
        Self::decoded(Box::default(), T::TYPE, Store::one(element))
    }

    fn shaped<T: Element>(shape: Box<[usize]>, elements: Vec<T>) -> Self {
        Self::decoded(shape, T::TYPE, Store::from_vec(elements))
    }

    /// Elements along each dimension; of a flat value, how many there are.
    #[must_use]
    pub const fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Whether the value brings no shape of its own.
    pub(super) const fn is_flat(&self) -> bool {
        self.flat
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        // They are in memory, so their number fits.
        elements(self.shape.iter()).unwrap_or(usize::MAX)
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the elements.
    #[must_use]
    pub const fn element_type(&self) -> ElementType {
        match &self.body {
            Body::Elements { kind, .. } => *kind,
            Body::Record(_) => ElementType::Record,
        }
    }

    /// The elements, if they are of this very type; without a copy.
    ///
    /// In C order: the last index varies fastest. Each call looks at every `bool` once; other types cost nothing.
    #[must_use]
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        match &self.body {
            Body::Elements { kind, store } if *kind == T::TYPE => match store.bytes() {
                [] => Some(&[]),
                bytes => T::view(bytes),
            },
            _ => None,
        }
    }

    /// The elements as another type of number, if that loses nothing but the rounding of floats.
    ///
    /// In C order: the last index varies fastest.
    #[must_use]
    pub fn to_vec<T: Element>(&self) -> Option<Vec<T>> {
        if let Some(elements) = self.as_slice() {
            return Some(elements.to_vec());
        }
        self.map_numbers(Number::exactly)?.ok()
    }

    /// The only element as an unsigned integer.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.only()
    }

    /// The only element as a signed integer.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.only()
    }

    /// The only element as an unsigned integer of twice the usual width.
    #[must_use]
    pub fn as_u128(&self) -> Option<u128> {
        self.only()
    }

    /// The only element as a signed integer of twice the usual width.
    #[must_use]
    pub fn as_i128(&self) -> Option<i128> {
        self.only()
    }

    /// The only element as a float, rounded if need be.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.only()
    }

    /// The only element as a complex number, rounded if need be.
    #[must_use]
    pub fn as_complex(&self) -> Option<Complex<f64>> {
        self.only()
    }

    /// The only element, if it is a truth value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.as_slice::<bool>()? {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// One dimension of characters as a text. NUL characters are left out, as spead2 does.
    ///
    /// Nothing for other types, and for characters that are not ASCII.
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'_, str>> {
        let Body::Elements { kind: ElementType::Char, store } = &self.body else {
            return None;
        };
        let text = std::str::from_utf8(store.bytes()).ok().filter(|text| text.is_ascii() && self.shape.len() == 1)?;
        Some(if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) })
    }

    /// Characters, strings of bytes, bytes without meaning or integers of more than 128 bits: the bytes of each element.
    /// Strings end where only NULs follow.
    pub fn byte_elements(&self) -> Option<impl Iterator<Item = &[u8]>> {
        let kind = self.element_type();
        let is_bytes =
            matches!(kind, ElementType::Bytes(_) | ElementType::Char | ElementType::Void(_) | ElementType::Wide { .. });
        Some(self.raw_elements().filter(|_| is_bytes)?.map(move |element| kind.trimmed(element)))
    }

    /// The texts of numpy's `U`, each up to where only NULs follow.
    #[must_use]
    pub fn to_texts(&self) -> Option<Vec<String>> {
        let is_text = matches!(self.element_type(), ElementType::Text(_));
        self.raw_elements().filter(|_| is_text)?.map(text_of).collect()
    }

    /// The field of a record.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        self.fields().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// The fields of a record, in order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&str, &Self)> {
        let fields = match &self.body {
            Body::Record(fields) => &fields[..],
            Body::Elements { .. } => &[],
        };
        fields.iter().map(|(name, value)| (&**name, value))
    }

    pub(super) const fn store(&self) -> Option<&Store> {
        match &self.body {
            Body::Elements { store, .. } => Some(store),
            Body::Record(_) => None,
        }
    }

    /// The bytes of each element; to go to any of them costs nothing.
    fn raw_elements(&self) -> Option<ChunksExact<'_, u8>> {
        Some(self.store()?.bytes().chunks_exact(self.element_type().bytes().max(1)))
    }

    pub(super) const fn is_record(&self) -> bool {
        matches!(self.body, Body::Record(_))
    }

    fn only<T: Element>(&self) -> Option<T> {
        if self.len() != 1 {
            return None;
        }
        self.number(0)?.exactly()
    }

    /// Every element put through `convert`; nothing if they are no numbers, and the first that does not convert.
    pub(super) fn map_numbers<T>(
        &self,
        convert: impl Fn(Number) -> Option<T>,
    ) -> Option<Result<Vec<T>, (usize, Number)>> {
        macro_rules! converted {
            ($type:ty) => {
                Some(converted(self.as_slice::<$type>()?, convert))
            };
        }
        by_type!(self.element_type(), converted, None)
    }
}

/// A plain loop, as it is compiled for every pair of types.
fn converted<T: Element, U>(elements: &[T], convert: impl Fn(Number) -> Option<U>) -> Result<Vec<U>, (usize, Number)> {
    let mut out = Vec::with_capacity(elements.len());
    for (at, element) in elements.iter().enumerate() {
        let number = element.number();
        match convert(number) {
            Some(element) => out.push(element),
            None => return Err((at, number)),
        }
    }
    Ok(out)
}

/// A text of four bytes a character, up to where only NULs follow; nothing if a character does not exist.
fn text_of(chars: &[u8]) -> Option<String> {
    let text: String = chars.chunks_exact(4).map(|char| char::from_u32(u32::read(char))).collect::<Option<_>>()?;
    Some(text.trim_end_matches('\0').to_owned())
}

/// Of equal type and shape, with the same bits: a NaN equals itself, 0.0 is not −0.0.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (&self.body, &other.body) {
            (Body::Elements { kind: a, store: x }, Body::Elements { kind: b, store: y }) => {
                a == b && self.shape == other.shape && x.bytes() == y.bytes()
            }
            (Body::Record(a), Body::Record(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 16;
        if self.is_record() {
            return f.debug_map().entries(self.fields()).finish();
        }
        if let Some(text) = self.as_str() {
            return write!(f, "{text:?}");
        }
        let shown: Vec<_> = (0..self.len().min(SHOWN)).map(|at| self.text_at(at)).collect();
        let more = if self.len() > SHOWN { ", …" } else { "" };
        if self.shape.is_empty() {
            return write!(f, "{} {}", self.element_type(), shown.join(", "));
        }
        write!(f, "{} {:?} [{}{more}]", self.element_type(), self.shape, shown.join(", "))
    }
}
