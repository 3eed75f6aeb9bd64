use std::fmt;

/// Elements along each dimension of an item; at most one dimension may vary from heap to heap.
///
/// Made of numbers, or of `Option`s in which `None` is the dimension that varies. No dimensions at all make a scalar.
///
/// ```
/// use spead_inproc::descriptor::Shape;
///
/// let fixed = Shape::from([4, 2]);
/// assert_eq!(fixed, [4, 2]);
/// assert!(!fixed.is_variable());
/// assert_eq!(Shape::from([None, Some(2)]).to_string(), "(?, 2)");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape(Vec<Option<usize>>);

impl Shape {
    /// The dimensions; nothing for the one that varies.
    #[must_use]
    pub fn dimensions(&self) -> &[Option<usize>] {
        &self.0
    }

    /// Whether there are no dimensions: the item is one element.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a dimension varies.
    #[must_use]
    pub fn is_variable(&self) -> bool {
        self.0.contains(&None)
    }

    /// All dimensions, if none varies.
    #[must_use]
    pub fn fixed(&self) -> Option<Vec<usize>> {
        self.0.iter().copied().collect()
    }

    pub(super) fn variable_dimensions(&self) -> usize {
        self.0.iter().filter(|dimension| dimension.is_none()).count()
    }

    /// The product of the dimensions that do not vary; nothing if it does not fit.
    pub(crate) fn known_elements(&self) -> Option<usize> {
        elements(self.0.iter().flatten())
    }

    /// The dimensions once the one that varies has this size.
    pub(super) fn with_variable(&self, size: usize) -> Box<[usize]> {
        self.0.iter().map(|dimension| dimension.unwrap_or(size)).collect()
    }

    /// Whether an array of these dimensions fits.
    pub(super) fn accepts(&self, dimensions: &[usize]) -> bool {
        self.0.len() == dimensions.len()
            && self.0.iter().zip(dimensions).all(|(want, found)| want.is_none_or(|want| want == *found))
    }
}

/// The product of dimensions; nothing if it does not fit.
pub(super) fn elements<'d>(dimensions: impl Iterator<Item = &'d usize> + Clone) -> Option<usize> {
    if dimensions.clone().any(|dimension| *dimension == 0) {
        return Some(0);
    }
    dimensions.copied().try_fold(1, usize::checked_mul)
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dimensions: [usize; N]) -> Self {
        Self(dimensions.map(Some).to_vec())
    }
}

impl<const N: usize> From<[Option<usize>; N]> for Shape {
    fn from(dimensions: [Option<usize>; N]) -> Self {
        Self(dimensions.to_vec())
    }
}

impl From<&[usize]> for Shape {
    fn from(dimensions: &[usize]) -> Self {
        Self(dimensions.iter().copied().map(Some).collect())
    }
}

impl From<Vec<usize>> for Shape {
    fn from(dimensions: Vec<usize>) -> Self {
        Self::from(dimensions.as_slice())
    }
}

impl From<Vec<Option<usize>>> for Shape {
    fn from(dimensions: Vec<Option<usize>>) -> Self {
        Self(dimensions)
    }
}

impl<const N: usize> PartialEq<[usize; N]> for Shape {
    fn eq(&self, other: &[usize; N]) -> bool {
        self.0.len() == N && self.accepts(other) && !self.is_variable()
    }
}

impl<const N: usize> PartialEq<[usize; N]> for &Shape {
    fn eq(&self, other: &[usize; N]) -> bool {
        **self == *other
    }
}

/// As Python writes it: `()`, `(4,)`, `(4, 2)`; a dimension that varies is `?`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (at, dimension) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            match dimension {
                Some(size) => write!(f, "{comma}{size}")?,
                None => write!(f, "{comma}?")?,
            }
        }
        f.write_str(if self.0.len() == 1 { ",)" } else { ")" })
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
