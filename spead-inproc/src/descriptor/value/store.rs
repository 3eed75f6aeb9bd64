use std::fmt;

use bytemuck::NoUninit;
use bytes::Bytes;

/// The bytes of a value's elements, in this machine's byte order and aligned for their type.
#[derive(Clone)]
pub(in crate::descriptor) enum Store {
    /// Few: without an allocation.
    Inline { bytes: Aligned, length: u8 },
    /// Many: shared, perhaps with the heap that they came in.
    Shared(Bytes),
}

#[derive(Clone, Copy)]
#[repr(align(16))]
pub(in crate::descriptor) struct Aligned([u8; INLINE]);

const INLINE: usize = 16;

impl Store {
    pub(in crate::descriptor) fn one<T: NoUninit + Send>(element: T) -> Self {
        Self::copied(bytemuck::bytes_of(&element)).unwrap_or_else(|| Self::from_vec(vec![element]))
    }

    /// Few bytes, copied; nothing if they are too many.
    fn copied(from: &[u8]) -> Option<Self> {
        let length = u8::try_from(from.len()).ok()?;
        let mut bytes = [0; INLINE];
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        Some(Self::Inline { bytes: Aligned(bytes), length })
    }

    pub(in crate::descriptor) fn from_vec<T: NoUninit + Send>(elements: Vec<T>) -> Self {
        Self::copied(bytemuck::cast_slice(&elements))
            .unwrap_or_else(|| Self::Shared(Bytes::from_owner(Elements(elements))))
    }

    pub(in crate::descriptor) fn bytes(&self) -> &[u8] {
        match self {
            Self::Inline { bytes, length } => &bytes.0[..usize::from(*length)],
            Self::Shared(bytes) => bytes,
        }
    }

    /// The bytes as a handle of their own; without a copy if they are many.
    pub(in crate::descriptor) fn to_bytes(&self) -> Bytes {
        match self {
            Self::Inline { .. } => Bytes::copy_from_slice(self.bytes()),
            Self::Shared(bytes) => bytes.clone(),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes().len())
    }
}

/// A vector of elements seen as bytes, so that it can be shared as bytes.
struct Elements<T>(Vec<T>);

impl<T: NoUninit> AsRef<[u8]> for Elements<T> {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}
