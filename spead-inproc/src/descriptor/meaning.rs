use std::fmt;

use bytes::Bytes;

use super::{
    DescriptorError, DescriptorProblem, Dtype, Element, Format, RawDescriptor, Shape, Value, ValueError, ValueProblem,
    codec::Codec, python::Header,
};
use crate::{heap::Item, wire::BugCompat};

/// What an item is: its id, name and description, the type of its elements and their arrangement.
///
/// The elements are either fields of a SPEAD [`Format`], most significant bit first, or of a numpy [`Dtype`]. A descriptor is
/// made by [`Descriptor::new`] and the methods of what it returns, or read from a heap; either way it is valid ever after.
///
/// ```
/// use spead_inproc::{Descriptor, Value};
///
/// let samples = Descriptor::new(0x3300, "adc_samples", "ADC samples").format("i10").shape([4]).build()?;
/// let bytes = samples.encode(&Value::from(vec![1i16, -1, 511, -512]))?;
/// assert_eq!(bytes[..], [0x00, 0x7f, 0xf7, 0xfe, 0x00]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Descriptor {
    id: u64,
    name: String,
    description: String,
    shape: Shape,
    element: ElementFormat,
    codec: Codec,
}

/// The type of an item's elements.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ElementFormat {
    /// Fields of any width, most significant bit first.
    Format(Format),
    /// A numpy type.
    Dtype {
        /// The type of one element.
        dtype: Dtype,
        /// Whether the first index, not the last, varies fastest.
        fortran_order: bool,
    },
}

impl Descriptor {
    /// Starts the descriptor of an item: a scalar until a shape is given. It needs a format or a dtype.
    #[expect(clippy::new_ret_no_self, reason = "what is being built becomes a descriptor when it is used")]
    pub fn new(id: u64, name: impl Into<String>, description: impl Into<String>) -> DescriptorBuilder {
        DescriptorBuilder {
            id,
            name: name.into(),
            description: description.into(),
            shape: Shape::default(),
            format: None,
            dtype: None,
            fortran_order: false,
        }
    }

    /// Makes sense of a descriptor that travelled, read under these old mistakes.
    ///
    /// # Errors
    /// [`DescriptorError`] if name or description are not ASCII, or shape, format and numpy header do not describe an
    /// item (spead2 `__init__.py`).
    pub fn from_raw(raw: &RawDescriptor, bug_compat: BugCompat) -> Result<Self, DescriptorError> {
        try_from_raw(raw, bug_compat).map_err(|problem| raw.error(problem))
    }

    /// The descriptor as it travels, written with these old mistakes.
    #[must_use]
    pub fn to_raw(&self, bug_compat: BugCompat) -> RawDescriptor {
        let (format, numpy_header) = match &self.element {
            ElementFormat::Format(format) => (format.raw(), Vec::new()),
            ElementFormat::Dtype { dtype, fortran_order } => {
                let swap = bug_compat.contains(BugCompat::SWAP_ENDIAN);
                let dtype = if swap { dtype.with_swapped_byte_order() } else { dtype.clone() };
                (Vec::new(), header(dtype, *fortran_order, &self.shape).into_bytes())
            }
        };
        RawDescriptor {
            id: self.id,
            name: self.name.clone().into_bytes(),
            description: self.description.clone().into_bytes(),
            shape: self.shape.dimensions().iter().map(|size| size.map(|size| size as u64)).collect(),
            format,
            numpy_header,
        }
    }

    /// The item that is described.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The same description of an item with another id.
    #[must_use]
    pub fn with_id(self, id: u64) -> Self {
        Self { id, ..self }
    }

    /// What the item is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the item is, for people.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Elements along each dimension.
    #[must_use]
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The type of the elements.
    #[must_use]
    pub const fn element(&self) -> &ElementFormat {
        &self.element
    }

    /// Bits of one element.
    #[must_use]
    pub const fn element_bits(&self) -> u64 {
        self.codec.element_bits()
    }

    /// Whether a short value may travel in the item pointer: its shape is fixed and its elements are whole bytes.
    #[must_use]
    pub fn allows_immediate(&self) -> bool {
        !self.shape.is_variable() && self.element_bits().is_multiple_of(8)
    }

    /// The value that an item of any heap has under this descriptor.
    ///
    /// A dimension that varies is as large as the item's bytes allow; bytes left over are ignored, and of an immediate item
    /// the last bytes of its field count (spead2 `__init__.py`).
    ///
    /// # Errors
    /// [`ValueError`] if the item has too few bytes, or says that it is text and is not.
    pub fn decode(&self, item: &Item) -> Result<Value, ValueError> {
        self.codec.decode(&self.shape, item).map_err(|problem| self.value_error(problem))
    }

    /// As [`decode`](Self::decode), into memory that the caller uses again and again: the elements come behind what `out` has.
    ///
    /// # Errors
    /// As `decode`; also if the elements are not of type `T`, or have several fields.
    pub fn decode_into<T: Element>(&self, item: &Item, out: &mut Vec<T>) -> Result<(), ValueError> {
        self.codec.decode_into(&self.shape, item, out).map_err(|problem| self.value_error(problem))
    }

    /// The bytes of the item that has this value; those of the value itself if they stand as they must.
    ///
    /// Numbers are cast as numpy does: floats are cut to integers, and rounded to smaller floats. A scalar integer of 24, 40,
    /// 48 or 56 bits in a format is taken modulo its width, as spead2 does.
    ///
    /// # Errors
    /// [`ValueError`] if the value has another shape, or elements that do not fit the item's type.
    pub fn encode(&self, value: &Value) -> Result<Bytes, ValueError> {
        self.codec.encode(&self.shape, value).map_err(|problem| self.value_error(problem))
    }

    fn value_error(&self, problem: ValueProblem) -> ValueError {
        ValueError { id: self.id, name: self.name.clone(), problem }
    }
}

impl PartialEq for Descriptor {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
            && self.name == other.name
            && self.description == other.description
            && self.shape == other.shape
            && self.element == other.element
    }
}

impl Eq for Descriptor {}

impl fmt::Debug for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Descriptor")
            .field("id", &format_args!("{:#06x}", self.id))
            .field("name", &self.name)
            .field("description", &self.description)
            .field("shape", &self.shape)
            .field("element", &self.element)
            .finish()
    }
}

/// A descriptor in one line: `0x1800 xeng_raw <i4 (4, 2)`.
impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x} {} {}", self.id, self.name, self.element)?;
        if !self.shape.is_scalar() {
            write!(f, " {}", self.shape)?;
        }
        Ok(())
    }
}

/// As users write it: `u48`, `<i4`, `[('a', '<u2')]`; Fortran order is said.
impl fmt::Display for ElementFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(format) => write!(f, "{format}"),
            Self::Dtype { dtype, fortran_order } => {
                f.write_str(dtype.to_string().trim_matches('\''))?;
                f.write_str(if *fortran_order { " (Fortran order)" } else { "" })
            }
        }
    }
}

/// A descriptor in the making; whatever takes a [`Descriptor`] takes it too, and reports what is wrong with it.
#[derive(Debug, Clone)]
#[must_use = "this is not a descriptor until `build` is called or it is given to a group"]
pub struct DescriptorBuilder {
    id: u64,
    name: String,
    description: String,
    shape: Shape,
    format: Option<Result<Format, DescriptorProblem>>,
    dtype: Option<Result<Dtype, DescriptorProblem>>,
    fortran_order: bool,
}

impl DescriptorBuilder {
    /// The type of the elements as a SPEAD format: `u48`, `u8 i24 f32`. See [`Format`].
    pub fn format(self, format: &str) -> Self {
        Self { format: Some(format.parse()), ..self }
    }

    /// The type of the elements as numpy writes it: `<i4`, `[('a', '<u2'), ('b', '>f4')]`. See [`Dtype`].
    pub fn dtype(self, dtype: &str) -> Self {
        Self { dtype: Some(dtype.parse()), ..self }
    }

    /// Elements along each dimension: `[4, 2]`, or `[None, Some(2)]` if the first varies.
    pub fn shape(self, shape: impl Into<Shape>) -> Self {
        Self { shape: shape.into(), ..self }
    }

    /// Lets the first index vary fastest in the item's bytes; values keep their logical order.
    pub fn fortran_order(self) -> Self {
        Self { fortran_order: true, ..self }
    }

    /// The descriptor.
    ///
    /// # Errors
    /// [`DescriptorError`] if there is not exactly one of format and dtype, if that cannot be read, by us or by who receives
    /// it, or if the shape does not go with it.
    pub fn build(self) -> Result<Descriptor, DescriptorError> {
        let (id, name) = (self.id, self.name.clone());
        self.try_build().map_err(|problem| DescriptorError { id, name, problem })
    }

    fn try_build(self) -> Result<Descriptor, DescriptorProblem> {
        for (what, text) in [("name", &self.name), ("description", &self.description)] {
            if !text.is_ascii() {
                return Err(DescriptorProblem::NotAscii { what });
            }
        }
        let element = match (self.format, self.dtype) {
            (Some(_), Some(_)) => return Err(DescriptorProblem::TwoTypes),
            (None, None) => return Err(DescriptorProblem::NoType),
            (Some(_), None) if self.fortran_order => return Err(DescriptorProblem::FortranFormat),
            (Some(format), None) => ElementFormat::Format(format?),
            (None, Some(dtype)) => {
                let dtype = dtype?;
                // What it travels in is longer than the dtype, and deeper; a receiver must be able to read it.
                Header::parse(header(dtype.clone(), self.fortran_order, &self.shape).as_bytes())?;
                ElementFormat::Dtype { dtype, fortran_order: self.fortran_order }
            }
        };
        assemble(self.id, self.name, self.description, self.shape, element)
    }
}

impl TryFrom<DescriptorBuilder> for Descriptor {
    type Error = DescriptorError;

    fn try_from(builder: DescriptorBuilder) -> Result<Self, DescriptorError> {
        builder.build()
    }
}

/// The numpy header in which a dtype travels.
fn header(dtype: Dtype, fortran_order: bool, shape: &Shape) -> String {
    Header { dtype, fortran_order, shape: shape.fixed().unwrap_or_default() }.to_string()
}

fn try_from_raw(raw: &RawDescriptor, bug_compat: BugCompat) -> Result<Descriptor, DescriptorProblem> {
    let text = |bytes: &[u8], what| match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Ok(text.to_owned()),
        _ => Err(DescriptorProblem::NotAscii { what }),
    };
    let name = text(&raw.name, "name")?;
    let description = text(&raw.description, "description")?;
    if raw.numpy_header.is_empty() {
        let dimensions =
            raw.shape.iter().map(|size| size.map(usize::try_from).transpose()).collect::<Result<Vec<_>, _>>();
        let shape = Shape::from(dimensions.map_err(|_| DescriptorProblem::TooLarge { shape: Shape::default() })?);
        let element = ElementFormat::Format(Format::new(&raw.format)?);
        return assemble(raw.id, name, description, shape, element);
    }
    let Header { dtype, fortran_order, shape } = Header::parse(&raw.numpy_header)?;
    let swap = bug_compat.contains(BugCompat::SWAP_ENDIAN);
    let dtype = if swap { dtype.with_swapped_byte_order() } else { dtype };
    assemble(raw.id, name, description, shape.into(), ElementFormat::Dtype { dtype, fortran_order })
}

fn assemble(
    id: u64,
    name: String,
    description: String,
    shape: Shape,
    element: ElementFormat,
) -> Result<Descriptor, DescriptorProblem> {
    let variable = shape.variable_dimensions();
    match &element {
        ElementFormat::Dtype { .. } if variable > 0 => return Err(DescriptorProblem::VariableDtype { shape }),
        _ if variable > 1 => return Err(DescriptorProblem::VariableDimensions { variable, shape }),
        _ => {}
    }
    let codec = Codec::new(&element);
    let bits = shape.known_elements().and_then(|elements| codec.element_bits().checked_mul(elements as u64));
    if bits.is_none() {
        return Err(DescriptorProblem::TooLarge { shape });
    }
    Ok(Descriptor { id, name, description, shape, element, codec })
}
