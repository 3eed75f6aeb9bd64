use std::{collections::HashSet, fmt, str::FromStr};

use super::{DescriptorProblem, MAX_FIELDS, literal::Literal, python, shape::elements};

/// Which end of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// `<`: the least significant byte first.
    Little,
    /// `>`: the most significant byte first.
    Big,
}

impl ByteOrder {
    const fn swapped(self) -> Self {
        match self {
            Self::Little => Self::Big,
            Self::Big => Self::Little,
        }
    }
}

/// The type of one element as numpy describes it.
///
/// Written as numpy writes it: `<i4`, `|u1`, `>c8`, `|S5`, `[('a', '<u2'), ('b', '>f4', (2,))]`. See
/// [`formats`](super::formats) for the Rust types they become. Without a byte order the little-endian one is meant, and names such as `uint16` are
/// understood.
///
/// ```
/// use spead_inproc::descriptor::Dtype;
///
/// let dtype: Dtype = "uint16".parse()?;
/// assert_eq!(dtype.to_string(), "'<u2'");
/// let dtype: Dtype = "[('a', '|u1'), ('v', '<u2', (3,))]".parse()?;
/// assert_eq!(dtype.bytes(), 7);
/// # Ok::<(), spead_inproc::descriptor::DescriptorProblem>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// `b1`: a truth value in one byte.
    Bool,
    /// `u1`, `u2`, `u4`, `u8`: an unsigned number.
    Unsigned {
        /// Its width.
        bytes: usize,
        /// Its byte order.
        order: ByteOrder,
    },
    /// `i1`, `i2`, `i4`, `i8`: a two's complement number.
    Signed {
        /// Its width.
        bytes: usize,
        /// Its byte order.
        order: ByteOrder,
    },
    /// `f2`, `f4`, `f8`: an IEEE 754 number.
    Float {
        /// Its width.
        bytes: usize,
        /// Its byte order.
        order: ByteOrder,
    },
    /// `c8`, `c16`: two floats, real and imaginary part.
    Complex {
        /// Width of both parts together.
        bytes: usize,
        /// The byte order of each part.
        order: ByteOrder,
    },
    /// `S`: bytes that end where only NULs follow.
    Bytes {
        /// The most bytes.
        bytes: usize,
    },
    /// `U`: text of four bytes a character, which ends where only NULs follow.
    Text {
        /// The most characters.
        chars: usize,
        /// The byte order of each character.
        order: ByteOrder,
    },
    /// `V`: bytes without meaning.
    Void {
        /// How many.
        bytes: usize,
    },
    /// Several members one after another.
    Struct(Vec<Member>),
}

/// One member of a structured [`Dtype`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Member {
    /// What it is called; padding has no name, and numpy then calls the member `f` and its position.
    pub name: String,
    /// The type of each of its elements.
    pub dtype: Dtype,
    /// The dimensions of a sub-array; none for a single element.
    pub shape: Vec<usize>,
}

impl Member {
    /// The name by which the member is known when it stands at this position.
    pub(super) fn name_at(&self, position: usize) -> String {
        if self.name.is_empty() { format!("f{position}") } else { self.name.clone() }
    }
}

impl Dtype {
    /// Bytes of one element.
    #[must_use]
    pub fn bytes(&self) -> usize {
        // Checked when the type was made.
        self.checked_bytes().unwrap_or(usize::MAX)
    }

    /// The same type with every byte order turned round; types of single bytes have none.
    #[must_use]
    pub fn with_swapped_byte_order(&self) -> Self {
        let mut dtype = self.clone();
        dtype.swap();
        dtype
    }

    fn swap(&mut self) {
        match self {
            Self::Unsigned { bytes, order } | Self::Signed { bytes, order } if *bytes > 1 => *order = order.swapped(),
            Self::Float { order, .. } | Self::Complex { order, .. } | Self::Text { order, .. } => {
                *order = order.swapped()
            }
            Self::Struct(members) => members.iter_mut().for_each(|member| member.dtype.swap()),
            _ => {}
        }
    }

    fn checked_bytes(&self) -> Option<usize> {
        match self {
            Self::Bool => Some(1),
            Self::Unsigned { bytes, .. }
            | Self::Signed { bytes, .. }
            | Self::Float { bytes, .. }
            | Self::Complex { bytes, .. }
            | Self::Bytes { bytes }
            | Self::Void { bytes } => Some(*bytes),
            Self::Text { chars, .. } => chars.checked_mul(4),
            Self::Struct(members) => members.iter().try_fold(0usize, |sum, member| {
                let each = member.dtype.checked_bytes()?;
                sum.checked_add(each.checked_mul(elements(member.shape.iter())?)?)
            }),
        }
    }

    /// The members at all depths.
    fn members(&self) -> usize {
        match self {
            Self::Struct(members) => members.iter().map(|member| 1 + member.dtype.members()).sum(),
            _ => 1,
        }
    }

    /// From the value of `descr` in a numpy header, or what a user wrote in its place.
    pub(super) fn from_literal(literal: &Literal) -> Result<Self, DescriptorProblem> {
        let wrong = || DescriptorProblem::Dtype { dtype: literal.to_string() };
        let dtype = from_literal(literal).ok_or_else(wrong)?;
        if dtype.members() > MAX_FIELDS {
            return Err(DescriptorProblem::TooManyFields { fields: dtype.members() });
        }
        match dtype.checked_bytes() {
            Some(1..=MAX_SIZE) => Ok(dtype),
            _ => Err(wrong()),
        }
    }
}

/// As in numpy, whose sizes are signed 32-bit numbers: those of types, of each dimension of a sub-array and of all of
/// them, even if its elements have no bytes (`descriptor.c`).
const MAX_SIZE: usize = i32::MAX as usize;

fn from_literal(literal: &Literal) -> Option<Dtype> {
    if let Literal::Text(text) = literal {
        return from_name(text);
    }
    let members = literal.as_list()?.iter().map(member).collect::<Option<Vec<_>>>()?;
    let mut names = HashSet::new();
    let unique = members.iter().enumerate().all(|(at, member)| names.insert(member.name_at(at)));
    (unique && !members.is_empty()).then_some(Dtype::Struct(members))
}

fn member(literal: &Literal) -> Option<Member> {
    let (name, dtype, shape) = match literal.as_tuple()? {
        [name, dtype] => (name, dtype, Vec::new()),
        [name, dtype, Literal::Tuple(shape)] => {
            (name, dtype, shape.iter().map(Literal::as_size).collect::<Option<_>>()?)
        }
        [name, dtype, size] => (name, dtype, vec![size.as_size()?]),
        _ => return None,
    };
    let fits = shape.iter().all(|size| *size <= MAX_SIZE) && elements(shape.iter())? <= MAX_SIZE;
    if !fits {
        return None;
    }
    let name = match name {
        Literal::Tuple(title_and_name) => title_and_name.get(1)?,
        name => name,
    };
    Some(Member { name: name.as_text()?.to_owned(), dtype: from_literal(dtype)?, shape })
}

fn from_name(text: &str) -> Option<Dtype> {
    let order = match text.as_bytes().first()? {
        b'>' => ByteOrder::Big,
        _ => ByteOrder::Little,
    };
    let name = text.trim_start_matches(['<', '>', '|', '=']);
    if text.len() - name.len() > 1 {
        return None;
    }
    let code = match name {
        "?" | "bool" => "b1",
        "b" | "int8" => "i1",
        "B" | "uint8" => "u1",
        "h" | "int16" => "i2",
        "H" | "uint16" => "u2",
        "i" | "int32" => "i4",
        "I" | "uint32" => "u4",
        "l" | "q" | "int" | "int64" => "i8",
        "L" | "Q" | "uint" | "uint64" => "u8",
        "e" | "half" | "float16" => "f2",
        "f" | "single" | "float32" => "f4",
        "d" | "double" | "float" | "float64" => "f8",
        "F" | "complex64" => "c8",
        "D" | "complex" | "complex128" => "c16",
        code => code,
    };
    let (kind, size) = code.split_at_checked(1)?;
    if !size.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let bytes: usize = size.parse().ok()?;
    match (kind, bytes) {
        ("b", 1) => Some(Dtype::Bool),
        ("u", 1) => Some(Dtype::Unsigned { bytes, order: ByteOrder::Little }),
        ("i", 1) => Some(Dtype::Signed { bytes, order: ByteOrder::Little }),
        ("u", 2 | 4 | 8) => Some(Dtype::Unsigned { bytes, order }),
        ("i", 2 | 4 | 8) => Some(Dtype::Signed { bytes, order }),
        ("f", 2 | 4 | 8) => Some(Dtype::Float { bytes, order }),
        ("c", 8 | 16) => Some(Dtype::Complex { bytes, order }),
        ("S" | "a", 1..) => Some(Dtype::Bytes { bytes }),
        ("U", 1..) => Some(Dtype::Text { chars: bytes, order }),
        ("V", 1..) => Some(Dtype::Void { bytes }),
        _ => None,
    }
}

/// Reads what numpy writes: a type string, or the list of a structured type.
impl FromStr for Dtype {
    type Err = DescriptorProblem;

    fn from_str(text: &str) -> Result<Self, DescriptorProblem> {
        let text = text.trim();
        if text.starts_with(['[', '\'', '"']) {
            Self::from_literal(&python::literal(text)?)
        } else {
            Self::from_literal(&Literal::Text(text.to_owned()))
        }
    }
}

/// As numpy writes it in a header: `'<i4'`, `[('a', '<u2')]`.
impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = |order: &ByteOrder| if *order == ByteOrder::Big { '>' } else { '<' };
        match self {
            Self::Bool => f.write_str("'|b1'"),
            Self::Unsigned { bytes: 1, .. } => f.write_str("'|u1'"),
            Self::Signed { bytes: 1, .. } => f.write_str("'|i1'"),
            Self::Unsigned { bytes, order: o } => write!(f, "'{}u{bytes}'", order(o)),
            Self::Signed { bytes, order: o } => write!(f, "'{}i{bytes}'", order(o)),
            Self::Float { bytes, order: o } => write!(f, "'{}f{bytes}'", order(o)),
            Self::Complex { bytes, order: o } => write!(f, "'{}c{bytes}'", order(o)),
            Self::Bytes { bytes } => write!(f, "'|S{bytes}'"),
            Self::Text { chars, order: o } => write!(f, "'{}U{chars}'", order(o)),
            Self::Void { bytes } => write!(f, "'|V{bytes}'"),
            Self::Struct(members) => {
                f.write_str("[")?;
                for (at, member) in members.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}({}, {}", python::Quoted(&member.name), member.dtype)?;
                    if !member.shape.is_empty() {
                        write!(f, ", {}", python::Tuple(&member.shape))?;
                    }
                    f.write_str(")")?;
                }
                f.write_str("]")
            }
        }
    }
}
