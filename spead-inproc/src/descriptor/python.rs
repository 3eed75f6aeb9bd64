//! The little of Python's syntax that numpy headers use.

use std::fmt;

use super::{
    DescriptorProblem,
    dtype::Dtype,
    literal::{Literal, NoLiteral},
};

/// The longest header that is read, in bytes: numpy's own limit for its file format.
const MAX_LENGTH: usize = 10_000;

/// What a numpy header says of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) dtype: Dtype,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<usize>,
}

impl Header {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, DescriptorProblem> {
        let text = std::str::from_utf8(bytes)
            .ok()
            .filter(|text| text.is_ascii())
            .ok_or(DescriptorProblem::NotAscii { what: "numpy header" })?;
        let literal = literal(text)?;
        let entries = literal.as_dictionary().ok_or(DescriptorProblem::Header { what: "it is no dictionary" })?;
        let entry = |name| entries.iter().rev().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value);
        let (Some(descr), Some(order), Some(shape)) = (entry("descr"), entry("fortran_order"), entry("shape")) else {
            return Err(DescriptorProblem::Header { what: "it needs the keys descr, fortran_order and shape" });
        };
        if entries.iter().any(|(key, _)| !matches!(key.as_text(), Some("descr" | "fortran_order" | "shape"))) {
            return Err(DescriptorProblem::Header { what: "it has keys other than descr, fortran_order and shape" });
        }
        let shape = shape
            .as_tuple()
            .and_then(|shape| shape.iter().map(Literal::as_size).collect())
            .ok_or(DescriptorProblem::Header { what: "shape is no tuple of sizes" })?;
        let fortran_order =
            order.as_boolean().ok_or(DescriptorProblem::Header { what: "fortran_order is neither True nor False" })?;
        Ok(Self { dtype: Dtype::from_literal(descr)?, fortran_order, shape })
    }
}

/// As spead2 writes it.
impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fortran_order = if self.fortran_order { "True" } else { "False" };
        let shape = Tuple(&self.shape);
        write!(f, "{{'descr': {}, 'fortran_order': {fortran_order}, 'shape': {shape}}}", self.dtype)
    }
}

/// A Python literal of bounded length and depth.
pub(super) fn literal(text: &str) -> Result<Literal, DescriptorProblem> {
    if text.len() > MAX_LENGTH {
        return Err(DescriptorProblem::Header { what: "it is longer than 10000 bytes" });
    }
    Literal::parse(text).map_err(|problem| match problem {
        NoLiteral::Syntax => DescriptorProblem::Header { what: "it is no Python literal" },
        NoLiteral::TooDeep => DescriptorProblem::Header { what: "its brackets are nested deeper than 8" },
    })
}

/// A tuple of sizes: `()`, `(3,)`, `(3, 2)`.
pub(super) struct Tuple<'t>(pub(super) &'t [usize]);

impl fmt::Display for Tuple<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("()"),
            [only] => write!(f, "({only},)"),
            [first, rest @ ..] => {
                write!(f, "({first}")?;
                rest.iter().try_for_each(|size| write!(f, ", {size}"))?;
                f.write_str(")")
            }
        }
    }
}

/// A string in quotes, as Python's `repr` writes ASCII.
pub(super) struct Quoted<'s>(pub(super) &'s str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.0.contains('\'') && !self.0.contains('"') { '"' } else { '\'' };
        write!(f, "{quote}")?;
        for char in self.0.chars() {
            match char {
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\\' => f.write_str("\\\\")?,
                _ if char == quote => write!(f, "\\{char}")?,
                _ if char.is_ascii_control() => write!(f, "\\x{:02x}", char as u32)?,
                _ => write!(f, "{char}")?,
            }
        }
        write!(f, "{quote}")
    }
}
