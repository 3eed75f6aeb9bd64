use super::{Descriptor, DescriptorError, Value, ValueError};
use crate::heap::HeapBuilder;

impl HeapBuilder {
    /// Adds a descriptor, in the heap's flavour and with its old mistakes.
    ///
    /// # Errors
    /// [`DescriptorError`] if the flavour cannot carry it: its id, a width, a dimension or the whole is too large.
    pub fn descriptor(self, descriptor: &Descriptor) -> Result<Self, DescriptorError> {
        let raw = descriptor.to_raw(self.flavour().bug_compat());
        self.raw_descriptor(&raw)
    }

    /// Adds an item by its descriptor: immediate if it may be and fits, else in the payload, whose memory is the value's if
    /// that stands as it must.
    ///
    /// # Errors
    /// [`ValueError`] if the value does not go with the descriptor.
    pub fn value(self, descriptor: &Descriptor, value: &Value) -> Result<Self, ValueError> {
        let bytes = descriptor.encode(value)?;
        Ok(if descriptor.allows_immediate() {
            self.auto(descriptor.id(), bytes)
        } else {
            self.item(descriptor.id(), bytes)
        })
    }
}
