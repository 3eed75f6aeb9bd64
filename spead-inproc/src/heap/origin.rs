use std::fmt;

/// Who put a packet on its way: sender 0, 1, … of a queue, or somebody else's bytes.
///
/// Not part of the protocol: it exists so that a ledger and a snapshot can say *which* sender's data were lost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(u32);

impl Origin {
    /// Packets that came as bytes: from `add_packet`, a capture, or another program.
    pub const FOREIGN: Self = Self(u32::MAX);

    /// The sender with this index.
    #[must_use]
    pub const fn sender(index: u32) -> Self {
        Self(index)
    }

    /// The sender's index; nothing for foreign bytes.
    #[must_use]
    pub const fn index(self) -> Option<u32> {
        if self.0 == u32::MAX { None } else { Some(self.0) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index() {
            Some(index) => write!(f, "sender {index}"),
            None => f.write_str("foreign bytes"),
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
