use std::fmt;

use bytemuck::NoUninit;
use half::f16;
use num_complex::Complex;

/// The Rust type that the elements of a [`Value`](super::Value) have in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ElementType {
    /// `bool`.
    Bool,
    /// `u8`.
    U8,
    /// `u16`.
    U16,
    /// `u32`.
    U32,
    /// `u64`.
    U64,
    /// `u128`.
    U128,
    /// `i8`.
    I8,
    /// `i16`.
    I16,
    /// `i32`.
    I32,
    /// `i64`.
    I64,
    /// `i128`.
    I128,
    /// `half::f16`.
    F16,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// `num_complex::Complex<f32>`.
    ComplexF32,
    /// `num_complex::Complex<f64>`.
    ComplexF64,
    /// A character of one byte, as in SPEAD's `c8`.
    Char,
    /// A string of so many bytes, as in numpy's `S`.
    Bytes(usize),
    /// A text of so many characters, as in numpy's `U`.
    Text(usize),
    /// So many bytes without meaning, as in numpy's `V`.
    Void(usize),
    /// An integer of more than 128 bits: so many bytes, the most significant first.
    Wide {
        /// Whether it is in two's complement.
        signed: bool,
        /// Its width in bytes.
        bytes: usize,
    },
    /// Several named values side by side.
    Record,
}

impl ElementType {
    /// Bytes of one element in memory; 0 for records, whose fields have sizes of their own.
    pub(in crate::descriptor) const fn bytes(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 | Self::Char => 1,
            Self::U16 | Self::I16 | Self::F16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 | Self::ComplexF32 => 8,
            Self::U128 | Self::I128 | Self::ComplexF64 => 16,
            Self::Bytes(bytes) | Self::Void(bytes) | Self::Wide { bytes, .. } => bytes,
            Self::Text(chars) => chars * 4,
            Self::Record => 0,
        }
    }

    /// The bytes that count of an element's; strings end where only NULs follow.
    pub(super) fn trimmed(self, element: &[u8]) -> &[u8] {
        match self {
            Self::Bytes(_) | Self::Char => {
                let end = element.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                &element[..end]
            }
            _ => element,
        }
    }
}

/// As Rust writes it, where Rust has a name for it.
impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Bool => "bool",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::U128 => "u128",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I128 => "i128",
            Self::F16 => "f16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::ComplexF32 => "Complex<f32>",
            Self::ComplexF64 => "Complex<f64>",
            Self::Char => "character",
            Self::Bytes(bytes) => return write!(f, "string of {bytes} bytes"),
            Self::Text(chars) => return write!(f, "text of {chars} characters"),
            Self::Void(bytes) => return write!(f, "{bytes} bytes"),
            Self::Wide { signed: true, bytes } => return write!(f, "signed integer of {bytes} bytes"),
            Self::Wide { signed: false, bytes } => return write!(f, "unsigned integer of {bytes} bytes"),
            Self::Record => "record",
        };
        f.write_str(name)
    }
}

/// What a macro makes of the Rust type of elements, if they are numbers.
macro_rules! by_type {
    ($kind:expr, $do:ident, $otherwise:expr) => {{
        use $crate::descriptor::value::ElementType;
        match $kind {
            ElementType::Bool => $do!(bool),
            ElementType::U8 => $do!(u8),
            ElementType::U16 => $do!(u16),
            ElementType::U32 => $do!(u32),
            ElementType::U64 => $do!(u64),
            ElementType::U128 => $do!(u128),
            ElementType::I8 => $do!(i8),
            ElementType::I16 => $do!(i16),
            ElementType::I32 => $do!(i32),
            ElementType::I64 => $do!(i64),
            ElementType::I128 => $do!(i128),
            ElementType::F16 => $do!(half::f16),
            ElementType::F32 => $do!(f32),
            ElementType::F64 => $do!(f64),
            ElementType::ComplexF32 => $do!(num_complex::Complex<f32>),
            ElementType::ComplexF64 => $do!(num_complex::Complex<f64>),
            _ => $otherwise,
        }
    }};
}
pub(in crate::descriptor) use by_type;

/// A Rust type that the elements of a value can have.
///
/// Sealed: these are all the types that items can carry.
pub trait Element: Copy + fmt::Debug + PartialEq + NoUninit + Send + Sync + Sealed + 'static {
    /// Which it is.
    const TYPE: ElementType;
}

pub(in crate::descriptor) mod sealed {
    use std::fmt;

    use num_complex::Complex;

    use super::{Element, ElementType};

    /// One number out of a value, wide enough for any.
    #[derive(Debug, Clone, Copy, PartialEq)]
    #[expect(unnameable_types, reason = "only for `Sealed`")]
    pub enum Number {
        Bool(bool),
        Unsigned(u128),
        Signed(i128),
        Float(f64),
        Complex(Complex<f64>),
    }

    impl fmt::Display for Number {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                Self::Bool(value) => write!(f, "{value}"),
                Self::Unsigned(value) => write!(f, "{value}"),
                Self::Signed(value) => write!(f, "{value}"),
                Self::Float(value) => write!(f, "{value}"),
                Self::Complex(value) => write!(f, "{value}"),
            }
        }
    }

    impl Number {
        /// Without loss, but for rounding to floats.
        pub(in crate::descriptor) fn exactly<T: Element>(self) -> Option<T> {
            match self {
                Self::Bool(_) => T::from_number(self),
                _ if T::TYPE == ElementType::Bool => None,
                // A fraction would be lost.
                Self::Float(value) if T::IS_INTEGER && value.fract() != 0.0 => None,
                _ => T::from_number(self),
            }
        }

        /// Rounded if need be; nothing for complex numbers.
        #[inline(always)]
        pub(in crate::descriptor) fn as_f64(self) -> Option<f64> {
            match self {
                Self::Bool(value) => Some(f64::from(u8::from(value))),
                Self::Unsigned(value) => Some(value as f64),
                Self::Signed(value) => Some(value as f64),
                Self::Float(value) => Some(value),
                Self::Complex(_) => None,
            }
        }

        /// Rounded if need be.
        #[inline(always)]
        pub(in crate::descriptor) fn as_complex(self) -> Complex<f64> {
            match self {
                Self::Complex(value) => value,
                real => Complex::from(real.as_f64().unwrap_or_default()),
            }
        }
    }

    #[expect(unnameable_types, reason = "seals `Element`")]
    pub trait Sealed: Copy {
        const IS_INTEGER: bool = false;

        /// The elements in these bytes, if they are aligned and in the type's range.
        fn view(bytes: &[u8]) -> Option<&[Self]>;

        /// One element from bytes that need not be aligned; for `bool`, any bit set is true.
        fn read(bytes: &[u8]) -> Self;

        /// The other byte order.
        fn swapped(self) -> Self;

        /// What the first bits of a word say, whatever the others are; at least 1 and at most 64.
        fn from_top(word: u64, bits: u64) -> Self;

        /// What so many bits say, 65 to 128, which are the low ones of the word.
        fn from_wide(word: u128, bits: u64) -> Self;

        fn number(self) -> Number;

        /// As numpy casts: floats are cut to integers and rounded to floats. Nothing where the number does not fit, or
        /// an imaginary part would be lost.
        fn from_number(number: Number) -> Option<Self>;
    }
}
use sealed::{Number, Sealed};

macro_rules! floats {
    ($($type:ident $variant:ident $bits:ident,)*) => {$(
        impl Element for $type {
            const TYPE: ElementType = ElementType::$variant;
        }

        impl Sealed for $type {
            fn view(bytes: &[u8]) -> Option<&[Self]> {
                bytemuck::try_cast_slice(bytes).ok()
            }

            #[inline(always)]
            fn read(bytes: &[u8]) -> Self {
                bytemuck::pod_read_unaligned(bytes)
            }

            #[inline(always)]
            fn swapped(self) -> Self {
                Self::from_bits(self.to_bits().swap_bytes())
            }

            fn from_top(word: u64, bits: u64) -> Self {
                Self::from_bits($bits::from_top(word, bits))
            }

            fn from_wide(word: u128, bits: u64) -> Self {
                Self::from_bits($bits::from_wide(word, bits))
            }

            fn number(self) -> Number {
                Number::Float(f64::from(self))
            }

            fn from_number(number: Number) -> Option<Self> {
                number.as_f64().map(float::$type)
            }
        }
    )*};
}

/// Rounding from the widest float.
mod float {
    use half::f16;

    pub(super) fn f16(value: f64) -> f16 {
        f16::from_f64(value)
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounding is what is asked for")]
    pub(super) const fn f32(value: f64) -> f32 {
        value as f32
    }

    pub(super) const fn f64(value: f64) -> f64 {
        value
    }
}
floats! {
    f16 F16 u16,
    f32 F32 u32,
    f64 F64 u64,
}

macro_rules! complex {
    ($($type:ident $variant:ident,)*) => {$(
        impl Element for Complex<$type> {
            const TYPE: ElementType = ElementType::$variant;
        }

        impl Sealed for Complex<$type> {
            fn view(bytes: &[u8]) -> Option<&[Self]> {
                bytemuck::try_cast_slice(bytes).ok()
            }

            #[inline(always)]
            fn read(bytes: &[u8]) -> Self {
                bytemuck::pod_read_unaligned(bytes)
            }

            #[inline(always)]
            fn swapped(self) -> Self {
                Self::new(self.re.swapped(), self.im.swapped())
            }

            fn from_top(word: u64, bits: u64) -> Self {
                Self::from_wide(u128::from_top(word, bits), bits)
            }

            fn from_wide(word: u128, bits: u64) -> Self {
                let part = |word: u128| $type::from_wide(word & (u128::MAX >> (128 - bits / 2)), bits / 2);
                Self::new(part(word >> (bits / 2)), part(word))
            }

            fn number(self) -> Number {
                Number::Complex(Complex::new(f64::from(self.re), f64::from(self.im)))
            }

            fn from_number(number: Number) -> Option<Self> {
                let value = number.as_complex();
                Some(Self::new(float::$type(value.re), float::$type(value.im)))
            }
        }
    )*};
}
complex! {
    f32 ComplexF32,
    f64 ComplexF64,
}

impl Element for bool {
    const TYPE: ElementType = ElementType::Bool;
}

impl Sealed for bool {
    fn view(bytes: &[u8]) -> Option<&[Self]> {
        bytemuck::checked::try_cast_slice(bytes).ok()
    }

    fn read(bytes: &[u8]) -> Self {
        bytes.iter().any(|byte| *byte != 0)
    }

    fn swapped(self) -> Self {
        self
    }

    fn from_top(word: u64, bits: u64) -> Self {
        word >> (64 - bits) != 0
    }

    fn from_wide(word: u128, bits: u64) -> Self {
        word << (128 - bits) != 0
    }

    fn number(self) -> Number {
        Number::Bool(self)
    }

    fn from_number(number: Number) -> Option<Self> {
        Some(match number {
            Number::Bool(value) => value,
            Number::Unsigned(value) => value != 0,
            Number::Signed(value) => value != 0,
            Number::Float(value) => value != 0.0,
            Number::Complex(value) => value != Complex::ZERO,
        })
    }
}
