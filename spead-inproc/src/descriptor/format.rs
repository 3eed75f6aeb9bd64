use std::{fmt, str::FromStr};

use super::DescriptorProblem;

/// The most fields that an element may have, in a format or in a structured dtype.
///
/// The protocol knows no limit; ours keeps what a received descriptor makes us hold within bounds.
pub const MAX_FIELDS: usize = 1024;

/// What one field of a SPEAD format is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldCode {
    /// `u`: an unsigned number of any width.
    Unsigned,
    /// `i`: a two's complement number of any width.
    Signed,
    /// `f`: an IEEE 754 number of 32 or 64 bits.
    Float,
    /// `b`: a truth value of any width; any bit set is true.
    Bool,
    /// `c`: a character of 8 bits.
    Char,
}

impl FieldCode {
    /// The code as it travels.
    #[must_use]
    pub const fn as_char(self) -> char {
        match self {
            Self::Unsigned => 'u',
            Self::Signed => 'i',
            Self::Float => 'f',
            Self::Bool => 'b',
            Self::Char => 'c',
        }
    }

    const fn new(code: u8) -> Option<Self> {
        match code {
            b'u' => Some(Self::Unsigned),
            b'i' => Some(Self::Signed),
            b'f' => Some(Self::Float),
            b'b' => Some(Self::Bool),
            b'c' => Some(Self::Char),
            _ => None,
        }
    }
}

/// One field of a SPEAD format: what it is, and how many bits it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Field {
    /// What the field is.
    pub code: FieldCode,
    /// Its width in bits.
    pub bits: u32,
}

/// The fields of one element, most significant bit first and without gaps.
///
/// Written as codes with widths: `u48`, `i10`, `f32`, or several: `u8 i24 f32`. See [`formats`](super::formats) for the
/// Rust types they become.
///
/// ```
/// use spead_inproc::descriptor::Format;
///
/// let format: Format = "u8 i24 f32".parse()?;
/// assert_eq!(format.fields().len(), 3);
/// assert_eq!(format.bits(), 64);
/// assert_eq!(format.to_string(), "u8 i24 f32");
/// assert!("f24".parse::<Format>().is_err());
/// # Ok::<(), spead_inproc::descriptor::DescriptorProblem>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Format(Vec<Field>);

impl Format {
    /// The format with these fields, each a code and a width in bits, as they travel.
    ///
    /// # Errors
    /// [`DescriptorProblem`] if there are none or more than [`MAX_FIELDS`], a code is none of `u i f b c`, or a width is
    /// not one that its code can have.
    pub fn new(fields: &[(u8, u64)]) -> Result<Self, DescriptorProblem> {
        if fields.is_empty() {
            return Err(DescriptorProblem::NoFields);
        }
        if fields.len() > MAX_FIELDS {
            return Err(DescriptorProblem::TooManyFields { fields: fields.len() });
        }
        fields.iter().map(|&(code, bits)| field(code, bits)).collect::<Result<_, _>>().map(Self)
    }

    /// The fields in order.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.0
    }

    /// Bits of one element.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.0.iter().map(|field| u64::from(field.bits)).sum()
    }

    /// The one field, if there is only one.
    pub(super) fn single(&self) -> Option<Field> {
        match self.0[..] {
            [field] => Some(field),
            _ => None,
        }
    }

    /// The fields as they travel.
    pub(super) fn raw(&self) -> Vec<(u8, u64)> {
        self.0.iter().map(|field| (field.code.as_char() as u8, u64::from(field.bits))).collect()
    }
}

fn field(code: u8, bits: u64) -> Result<Field, DescriptorProblem> {
    let wrong = DescriptorProblem::Field { code: char::from(code), bits };
    let (Some(code), Ok(bits)) = (FieldCode::new(code), u32::try_from(bits)) else {
        return Err(wrong);
    };
    let legal = match code {
        FieldCode::Unsigned | FieldCode::Signed | FieldCode::Bool => bits > 0,
        FieldCode::Float => matches!(bits, 32 | 64),
        FieldCode::Char => bits == 8,
    };
    if legal { Ok(Field { code, bits }) } else { Err(wrong) }
}

impl FromStr for Format {
    type Err = DescriptorProblem;

    fn from_str(text: &str) -> Result<Self, DescriptorProblem> {
        let fields = text
            .split_ascii_whitespace()
            .map(|word| {
                let (code, bits) = word.split_at_checked(1)?;
                Some((*code.as_bytes().first()?, bits.parse().ok()?))
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| DescriptorProblem::FormatText { text: text.to_owned() })?;
        Self::new(&fields)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, field) in self.0.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{}{}", field.code.as_char(), field.bits)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
