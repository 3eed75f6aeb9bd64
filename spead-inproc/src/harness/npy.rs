//! Arrays as numpy's files, for people to look at.

use crate::descriptor::Value;

/// The content of a `.npy` file (format 1.0); nothing for types that numpy does not know.
pub(super) fn file(value: &Value) -> Option<Vec<u8>> {
    let comma = if value.shape().len() == 1 { "," } else { "" };
    let shape = value.shape().iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let numpy_type = value.numpy_type()?;
    let mut header = format!("{{'descr': '{numpy_type}', 'fortran_order': False, 'shape': ({shape}{comma}), }}");
    // The data start at a multiple of 64.
    while !(PREFIX + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).ok()?;
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend(length.to_le_bytes());
    file.extend(header.as_bytes());
    file.extend_from_slice(&value.little_endian());
    Some(file)
}

/// The elements in a file that [`file()`] made.
pub(super) fn data(file: &[u8]) -> Option<&[u8]> {
    let length = u16::from_le_bytes(*file.get(8..PREFIX)?.first_chunk()?);
    file.get(PREFIX + usize::from(length)..)
}

/// Magic, version and the length of the header.
const PREFIX: usize = 10;
