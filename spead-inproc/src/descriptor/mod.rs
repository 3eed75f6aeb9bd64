//! What items mean: descriptors, and the values and groups that they give names and types to.
//!
//! Knows how the meaning of an item travels and how values are made of bytes. Must not know packets in flight or streams.
//! Invariant: a [`Descriptor`] was checked when it was made, and reads any bytes without holding more than a small multiple
//! of them.

mod codec;
mod dtype;
mod error;
mod format;
mod generator;
mod group;
mod heap_builder;
mod literal;
mod meaning;
mod nested;
mod python;
mod raw;
mod shape;
mod value;

pub use dtype::{ByteOrder, Dtype, Member};
pub use error::{DescriptorError, DescriptorProblem, GroupError, UpdateError, UpdateProblem, ValueError, ValueProblem};
pub use format::{Field, FieldCode, Format, MAX_FIELDS};
pub use generator::{HeapGenerator, Selection};
pub use group::{GroupItem, ItemGroup, Updated};
pub use meaning::{Descriptor, DescriptorBuilder, ElementFormat};
pub use raw::RawDescriptor;
pub use shape::Shape;
pub(crate) use value::Summary;
pub use value::{Element, ElementType, Value};

#[doc = include_str!("formats.md")]
pub mod formats {
    #[expect(unused_imports, reason = "the page links to them")]
    use super::{Descriptor, Value};
}
