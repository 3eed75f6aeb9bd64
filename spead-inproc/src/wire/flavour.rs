use std::{fmt, ops::BitOr};

/// How a SPEAD stream splits its 64-bit item pointers, and which old mistakes it repeats.
///
/// `SPEAD-64-XX`, version 4: one mode bit, `63 − XX` bits of item id, `XX` bits of address or immediate value. `XX` is the
/// number of *heap address bits*: 8, 16, … 56. Two flavours are equal if both the address bits and the
/// [`BugCompat`] mask are (spead2 `common_flavour.h`).
///
/// ```
/// use spead_inproc::Flavour;
///
/// let flavour = Flavour::new(48)?;
/// assert_eq!(flavour, Flavour::SPEAD_64_48);
/// assert_eq!(flavour.to_string(), "SPEAD-64-48");
/// assert_eq!(flavour.max_immediate(), (1 << 48) - 1);
/// assert!(Flavour::new(50).is_err());
/// # Ok::<(), spead_inproc::FlavourError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flavour {
    address_bits: u8,
    bug_compat: BugCompat,
}

impl Flavour {
    /// 40 heap address bits: the flavour that spead2 uses unless told otherwise, and our default.
    pub const SPEAD_64_40: Self = Self { address_bits: 40, bug_compat: BugCompat::NONE };
    /// 48 heap address bits: what the MeerKAT and SKA correlators speak.
    pub const SPEAD_64_48: Self = Self { address_bits: 48, bug_compat: BugCompat::NONE };

    /// The flavour `SPEAD-64-address_bits`.
    ///
    /// # Errors
    /// [`FlavourError`] unless `address_bits` is a multiple of 8 from 8 to 56.
    pub const fn new(address_bits: u32) -> Result<Self, FlavourError> {
        match address_bits {
            8 | 16 | 24 | 32 | 40 | 48 | 56 => {
                #[expect(clippy::cast_possible_truncation, reason = "at most 56")]
                let address_bits = address_bits as u8;
                Ok(Self { address_bits, bug_compat: BugCompat::NONE })
            }
            _ => Err(FlavourError { address_bits }),
        }
    }

    /// The flavour whose ids and addresses take so many bytes, as a packet says it.
    #[inline]
    pub(crate) const fn from_widths(id_bytes: u8, address_bytes: u8) -> Option<Self> {
        match (id_bytes, address_bytes) {
            (1..8, 1..8) if id_bytes.saturating_add(address_bytes) == 8 => {
                Some(Self { address_bits: address_bytes.saturating_mul(8), bug_compat: BugCompat::NONE })
            }
            _ => None,
        }
    }

    /// The same widths with another set of old mistakes to repeat.
    #[must_use]
    pub const fn with_bug_compat(self, bug_compat: BugCompat) -> Self {
        Self { bug_compat, ..self }
    }

    /// Bits of an item pointer that hold an address or an immediate value (`XX`).
    #[must_use]
    pub const fn address_bits(self) -> u32 {
        self.address_bits as u32
    }

    /// Bytes of an item pointer that hold an address or an immediate value.
    #[must_use]
    pub const fn address_bytes(self) -> usize {
        self.address_bits as usize >> 3
    }

    /// The old mistakes that this flavour repeats.
    #[must_use]
    pub const fn bug_compat(self) -> BugCompat {
        self.bug_compat
    }

    /// The largest immediate value, heap cnt and heap payload length (in bytes): `2^XX − 1`.
    #[must_use]
    pub const fn max_immediate(self) -> u64 {
        u64::MAX >> 64_u32.saturating_sub(self.address_bits())
    }

    /// The largest item id: `2^(63 − XX) − 1`.
    #[must_use]
    pub const fn max_item_id(self) -> u64 {
        u64::MAX >> 1_u32.saturating_add(self.address_bits())
    }

    /// Whether two flavours split item pointers alike, whatever their [`BugCompat`].
    #[must_use]
    pub const fn same_widths(self, other: Self) -> bool {
        self.address_bits == other.address_bits
    }
}

impl Default for Flavour {
    fn default() -> Self {
        Self::SPEAD_64_40
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SPEAD-64-{}", self.address_bits)?;
        if self.bug_compat != BugCompat::NONE {
            write!(f, " (bug-compat {})", self.bug_compat.bits())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// There is no such flavour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no SPEAD-64-{address_bits}: the heap address takes 8, 16, 24, 32, 40, 48 or 56 bits")]
#[non_exhaustive]
pub struct FlavourError {
    /// The width that was asked for, in bits.
    pub address_bits: u32,
}

/// Old mistakes to repeat, so that old peers understand: a set of bits (spead2 `common_defines.h`).
///
/// They concern only descriptors. A sender takes them from its [`Flavour`], a receiver from its configuration.
///
/// ```
/// use spead_inproc::BugCompat;
///
/// let both = BugCompat::DESCRIPTOR_WIDTHS | BugCompat::SHAPE_BIT_1;
/// assert!(both.contains(BugCompat::SHAPE_BIT_1));
/// assert_eq!(both | BugCompat::SWAP_ENDIAN, BugCompat::PYSPEAD_0_5_2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct BugCompat(u32);

impl BugCompat {
    /// No mistakes: the protocol as written.
    pub const NONE: Self = Self(0);
    /// Format entries take 4 bytes and shape entries 8, whatever the flavour.
    pub const DESCRIPTOR_WIDTHS: Self = Self(1);
    /// A variable dimension is marked by value 2 of the flag byte, not 1.
    pub const SHAPE_BIT_1: Self = Self(2);
    /// Numpy headers claim the opposite byte order.
    pub const SWAP_ENDIAN: Self = Self(4);
    /// Everything that PySPEAD 0.5.2 got wrong: all of the above.
    pub const PYSPEAD_0_5_2: Self = Self(7);

    /// The set with these bits; unknown bits are kept, as spead2 keeps those of a flavour.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The set as bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for BugCompat {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
