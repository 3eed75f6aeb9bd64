use std::{convert::Infallible, fmt};

use super::{MAX_FIELDS, Shape, Updated};
use crate::{heap::HeapError, wire::Flavour};

/// A descriptor that cannot be made, sent or understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct DescriptorError {
    /// The item that it describes.
    pub id: u64,
    /// The item's name.
    pub name: String,
    /// What is wrong with it.
    #[source]
    pub problem: DescriptorProblem,
}

impl fmt::Display for DescriptorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "descriptor of item {:#06x} \"{}\": {}", self.id, self.name, self.problem)
    }
}

/// What is wrong with a descriptor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptorProblem {
    /// The id is 0, or it fits neither the flavour's item ids nor the immediate that carries it.
    #[error("a described id is 1 to {largest:#x} in {flavour}: choose another id or flavour")]
    Id {
        /// The largest id that can be described.
        largest: u64,
        /// The flavour that was to carry it.
        flavour: Flavour,
    },
    /// A field is too long for its entry of the format item.
    #[error(
        "a field of {bits} bits does not fit a format entry of {flavour}, whose largest is {largest}: split the field, \
         or choose a flavour with shorter addresses"
    )]
    FieldWidth {
        /// Bits of the field.
        bits: u64,
        /// The most that an entry can say.
        largest: u64,
        /// The flavour that was to carry it.
        flavour: Flavour,
    },
    /// A dimension is too large for its entry of the shape item.
    #[error(
        "a dimension of {size} does not fit a shape entry of {flavour}, whose largest is {largest}: make two dimensions \
         of it, or choose a flavour with longer addresses"
    )]
    Dimension {
        /// Elements along the dimension.
        size: u64,
        /// The most that an entry can say.
        largest: u64,
        /// The flavour that was to carry it.
        flavour: Flavour,
    },
    /// Name, description, shape, format and numpy header together are longer than an address reaches.
    #[error(
        "its {length} bytes do not fit {flavour}, whose addresses end at {}: shorten its description, or choose a flavour \
         with longer addresses",
        flavour.max_immediate()
    )]
    TooLong {
        /// Bytes of all fields together.
        length: u64,
        /// The flavour that was to carry it.
        flavour: Flavour,
    },
    /// Neither a format nor a dtype was given.
    #[error("it needs `.format(..)` or `.dtype(..)`")]
    NoType,
    /// Both a format and a dtype were given.
    #[error("it has both a format and a dtype: keep one")]
    TwoTypes,
    /// The format has no fields.
    #[error("its format has no fields")]
    NoFields,
    /// The format or dtype has too many fields.
    #[error("{fields} fields in an element: we take at most {MAX_FIELDS}")]
    TooManyFields {
        /// How many it has.
        fields: usize,
    },
    /// A field has a code or a width that does not exist.
    #[error("no field {code}{bits}: there are u, i and b of any width, f32, f64 and c8")]
    Field {
        /// The code.
        code: char,
        /// The width in bits.
        bits: u64,
    },
    /// The text of a format cannot be read.
    #[error("format \"{text}\": write codes with widths, such as \"u48\" or \"u8 i24 f32\"")]
    FormatText {
        /// The text.
        text: String,
    },
    /// The numpy type is not one that we know.
    #[error(
        "no dtype {dtype}: there are b1, u and i of 1, 2, 4, 8 bytes, f2, f4, f8, c8, c16, S, U, V and lists of them"
    )]
    Dtype {
        /// The type as it was written.
        dtype: String,
    },
    /// The numpy header cannot be read.
    #[error("its numpy header cannot be read: {what}")]
    Header {
        /// What is wrong.
        what: &'static str,
    },
    /// More than one dimension varies.
    #[error("{variable} dimensions vary in shape {shape}: at most one can")]
    VariableDimensions {
        /// How many vary.
        variable: usize,
        /// The shape.
        shape: Shape,
    },
    /// A dimension varies, which numpy headers cannot say.
    #[error("a dtype needs a fixed shape, not {shape}: use a format, or fix the dimension")]
    VariableDtype {
        /// The shape.
        shape: Shape,
    },
    /// The shape of the item is larger than this machine can address.
    #[error("an item of shape {shape} is larger than this machine can address")]
    TooLarge {
        /// The shape.
        shape: Shape,
    },
    /// Fortran order was asked for a format, which has none.
    #[error("a format is always in C order: use a dtype")]
    FortranFormat,
    /// Some text is not ASCII.
    #[error("its {what} is not ASCII: SPEAD has no other letters")]
    NotAscii {
        /// Which text.
        what: &'static str,
    },
}

/// A value that cannot be read from its item, or an item that cannot be made of its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("item {id:#06x} \"{name}\": {problem}")]
#[non_exhaustive]
pub struct ValueError {
    /// The item.
    pub id: u64,
    /// The item's name.
    pub name: String,
    /// What is wrong.
    #[source]
    pub problem: ValueProblem,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueProblem {
    /// There are fewer bytes than the shape takes.
    #[error(
        "shape {shape} of {element_bits}-bit elements needs {}, but the item has {found} bytes",
        needed.map_or_else(|| "more than memory holds".to_owned(), |bits| format!("{} bytes", bits.div_ceil(8)))
    )]
    TooShort {
        /// The shape that the descriptor gives.
        shape: Shape,
        /// Bits of one element.
        element_bits: u64,
        /// Bits of the whole shape, if that can be said.
        needed: Option<u64>,
        /// Bytes of the item.
        found: u64,
    },
    /// The shape of the value is not the descriptor's.
    #[error("needs shape {want}, but the value has {}", Shape::from(&found[..]))]
    Shape {
        /// The shape that the descriptor gives.
        want: Shape,
        /// The shape of the value.
        found: Box<[usize]>,
    },
    /// A flat value has the wrong number of elements.
    #[error("needs as many elements as shape {want} has, but the value has {found}")]
    Count {
        /// The shape that the descriptor gives.
        want: Shape,
        /// Elements of the value.
        found: usize,
    },
    /// The elements are of a type that cannot be cast.
    #[error("needs a {want}, but the value is of type {found}")]
    Type {
        /// What the descriptor asks for.
        want: String,
        /// What the value has.
        found: String,
    },
    /// A number is out of range.
    #[error("element {index} is {value}, which is not in {want}")]
    OutOfRange {
        /// Which element, in C order.
        index: usize,
        /// What it is.
        value: String,
        /// What it could be.
        want: String,
    },
    /// A string is too long.
    #[error("element {index} is longer than {want}: shorten it, or describe longer elements")]
    TooLong {
        /// Which element, in C order.
        index: usize,
        /// The most bytes or characters that fit.
        want: usize,
    },
    /// A text has a byte that is not ASCII.
    #[error("byte {at} of the text is {byte:#04x}, which is not ASCII: describe the item as u8 if it is no text")]
    NotAscii {
        /// Where it stands.
        at: usize,
        /// What it is.
        byte: u8,
    },
    /// A text has a character that does not exist.
    #[error("{char:#x} is no character")]
    NotText {
        /// The number that stands for it.
        char: u32,
    },
    /// A record lacks a field.
    #[error("the record has no field \"{field}\"")]
    MissingField {
        /// Its name.
        field: String,
    },
    /// A record has a field that the descriptor does not know.
    #[error("the element has no field \"{field}\"")]
    UnknownField {
        /// Its name.
        field: String,
    },
    /// Something is wrong with a field of a record.
    #[error("field \"{field}\": {problem}")]
    Field {
        /// Its name.
        field: String,
        /// What is wrong.
        problem: Box<Self>,
    },
}

impl ValueProblem {
    pub(super) fn in_field(self, field: &str) -> Self {
        Self::Field { field: field.to_owned(), problem: Box::new(self) }
    }
}

/// A group that cannot do what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// There is no such item.
    #[error("no item \"{name}\" in the group: add it first")]
    UnknownItem {
        /// The name that was asked for.
        name: String,
    },
    /// The flavour cannot carry a descriptor.
    #[error(transparent)]
    Descriptor(#[from] DescriptorError),
    /// A value does not go with its descriptor.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// The flavour cannot carry an item.
    #[error(transparent)]
    Heap(#[from] HeapError),
}

/// A heap that cannot be taken over into a group, at least not all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (applied before: {applied})")]
#[non_exhaustive]
pub struct UpdateError {
    /// What could not be read.
    #[source]
    pub problem: Box<UpdateProblem>,
    /// What had been taken over before, and stays.
    pub applied: Updated,
}

/// What of a heap could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateProblem {
    /// A descriptor: no value of the heap was taken over.
    #[error(transparent)]
    Descriptor(#[from] DescriptorError),
    /// A value.
    #[error(transparent)]
    Value(#[from] ValueError),
}

impl From<Infallible> for DescriptorError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
