use ndarray::{Array, ArrayD, ArrayView, ArrayViewD, Dimension, IxDyn};

use super::{Element, Value};

/// In the array's shape; the memory is kept if it is in C order.
impl<T: Element, D: Dimension> From<Array<T, D>> for Value {
    fn from(array: Array<T, D>) -> Self {
        let shape: Box<[usize]> = array.shape().into();
        if array.is_standard_layout() {
            let (elements, offset) = array.into_raw_vec_and_offset();
            let start = offset.unwrap_or(0);
            let length: usize = shape.iter().product();
            if start == 0 && elements.len() == length {
                return Self::shaped(shape, elements);
            }
            return Self::shaped(shape, elements[start..start + length].to_vec());
        }
        let elements = array.iter().copied().collect();
        Self::shaped(shape, elements)
    }
}

/// In the array's shape.
impl<T: Element, D: Dimension> From<ArrayView<'_, T, D>> for Value {
    fn from(array: ArrayView<'_, T, D>) -> Self {
        Self::shaped(array.shape().into(), array.iter().copied().collect())
    }
}

impl Value {
    /// The elements as an array, if they are of this very type; without a copy.
    #[must_use]
    pub fn as_array<T: Element>(&self) -> Option<ArrayViewD<'_, T>> {
        ArrayView::from_shape(IxDyn(self.shape()), self.as_slice()?).ok()
    }

    /// The elements as an array of another type of number, if that loses nothing but the rounding of floats.
    #[must_use]
    pub fn to_array<T: Element>(&self) -> Option<ArrayD<T>> {
        Array::from_shape_vec(IxDyn(self.shape()), self.to_vec()?).ok()
    }
}
