use std::fmt;

use crate::wire::Flavour;

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
    #[error("a field of {bits} bits does not fit a format entry of {flavour}, whose largest is {largest}")]
    FieldWidth {
        /// Bits of the field.
        bits: u64,
        /// The most that an entry can say.
        largest: u64,
        /// The flavour that was to carry it.
        flavour: Flavour,
    },
    /// A dimension is too large for its entry of the shape item.
    #[error("a dimension of {size} does not fit a shape entry of {flavour}, whose largest is {largest}")]
    Dimension {
        /// Elements along the dimension.
        size: u64,
        /// The most that an entry can say.
        largest: u64,
        /// The flavour that was to carry it.
        flavour: Flavour,
    },
    /// Name, description, shape, format and numpy header together are longer than an address reaches.
    #[error("its {length} bytes do not fit {flavour}, whose addresses end at {}", flavour.max_immediate())]
    TooLong {
        /// Bytes of all fields together.
        length: u64,
        /// The flavour that was to carry it.
        flavour: Flavour,
    },
}
