#![expect(clippy::cast_possible_truncation, reason = "what is cut off was checked, or is not the field's")]

use super::element::{
    Element, ElementType,
    sealed::{Number, Sealed},
};

macro_rules! integers {
    ($($type:ident $variant:ident $number:ident $wide:ident $top:ident,)*) => {$(
        impl Element for $type {
            const TYPE: ElementType = ElementType::$variant;
        }

        impl Sealed for $type {
            const IS_INTEGER: bool = true;

            fn view(bytes: &[u8]) -> Option<&[Self]> {
                bytemuck::try_cast_slice(bytes).ok()
            }

            #[inline(always)]
            fn read(bytes: &[u8]) -> Self {
                bytemuck::pod_read_unaligned(bytes)
            }

            #[inline(always)]
            fn swapped(self) -> Self {
                self.swap_bytes()
            }

            #[inline(always)]
            fn from_top(word: u64, bits: u64) -> Self {
                (word as $top >> (64 - bits)) as Self
            }

            fn from_wide(word: u128, bits: u64) -> Self {
                ((word << (128 - bits)) as $wide >> (128 - bits)) as Self
            }

            fn number(self) -> Number {
                Number::$number($wide::from(self))
            }

            fn from_number(number: Number) -> Option<Self> {
                match number {
                    Number::Bool(value) => Some(Self::from(value)),
                    Number::Unsigned(value) => Self::try_from(value).ok(),
                    Number::Signed(value) => Self::try_from(value).ok(),
                    Number::Float(value) => {
                        let value = value.trunc();
                        // Both limits are powers of two (or 0), hence exact.
                        let limit = (Self::MAX / 2 + 1) as f64 * 2.0;
                        (Self::MIN as f64 <= value && value < limit).then_some(value as Self)
                    }
                    Number::Complex(_) => None,
                }
            }
        }
    )*};
}
integers! {
    u8 U8 Unsigned u128 u64,
    u16 U16 Unsigned u128 u64,
    u32 U32 Unsigned u128 u64,
    u64 U64 Unsigned u128 u64,
    u128 U128 Unsigned u128 u64,
    i8 I8 Signed i128 i64,
    i16 I16 Signed i128 i64,
    i32 I32 Signed i128 i64,
    i64 I64 Signed i128 i64,
    i128 I128 Signed i128 i64,
}
