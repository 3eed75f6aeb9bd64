//! Values from what Rust has.

use bytes::Bytes;

use super::{Element, ElementType, Store, Value};

/// One element.
impl<T: Element> From<T> for Value {
    fn from(element: T) -> Self {
        Self::scalar(element)
    }
}

/// Flat: the descriptor shapes it. The memory is kept.
impl<T: Element> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Self {
        Self::flat(elements.len(), T::TYPE, Store::from_vec(elements))
    }
}

/// Flat: the descriptor shapes it.
impl<T: Element> From<&[T]> for Value {
    fn from(elements: &[T]) -> Self {
        Self::from(elements.to_vec())
    }
}

/// One dimension.
impl<T: Element, const N: usize> From<[T; N]> for Value {
    fn from(elements: [T; N]) -> Self {
        Self::shaped([N].into(), elements.to_vec())
    }
}

/// Two dimensions.
impl<T: Element, const N: usize, const M: usize> From<[[T; N]; M]> for Value {
    fn from(elements: [[T; N]; M]) -> Self {
        Self::shaped([M, N].into(), elements.as_flattened().to_vec())
    }
}

/// Three dimensions.
impl<T: Element, const N: usize, const M: usize, const L: usize> From<[[[T; N]; M]; L]> for Value {
    fn from(elements: [[[T; N]; M]; L]) -> Self {
        Self::shaped([L, M, N].into(), elements.as_flattened().as_flattened().to_vec())
    }
}

/// One dimension of characters, or the characters of numpy's `S` and `U` where the item has those.
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

/// One dimension of characters, or the characters of numpy's `S` and `U` where the item has those.
impl From<String> for Value {
    fn from(text: String) -> Self {
        let bytes = Bytes::from(text.into_bytes());
        Self::decoded([bytes.len()].into(), ElementType::Char, Store::Shared(bytes))
    }
}

/// Bytes as numbers from 0 to 255; flat, without a copy.
impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        Self::flat(bytes.len(), ElementType::U8, Store::Shared(bytes))
    }
}
