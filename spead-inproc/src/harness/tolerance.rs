use std::{collections::BTreeMap, fmt};

/// How far a value may be from the one in the snapshot.
///
/// ```
/// use spead_inproc::harness::Tolerance;
///
/// assert!(Tolerance::Absolute(0.5).accepts(1.0, 1.5));
/// assert!(!Tolerance::Relative(1e-3).accepts(1000.0, 1002.0));
/// assert!(Tolerance::Lsb(1).accepts(-3.0, -4.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Tolerance {
    /// By at most so much.
    Absolute(f64),
    /// By at most this fraction of the value in the snapshot.
    Relative(f64),
    /// By at most so many steps of a 32-bit float.
    Ulp32(u32),
    /// By at most so many steps of a 64-bit float.
    Ulp64(u64),
    /// By at most so many steps of an integer: units of its least significant bit.
    Lsb(u32),
}

impl Tolerance {
    /// Whether `value` is near enough to `reference`. A NaN is near to a NaN, an infinity to itself.
    #[must_use]
    pub fn accepts(self, reference: f64, value: f64) -> bool {
        if reference == value || (reference.is_nan() && value.is_nan()) {
            return true;
        }
        let distance = (reference - value).abs();
        match self {
            Self::Absolute(most) => distance <= most,
            Self::Relative(most) => distance <= most * reference.abs(),
            Self::Lsb(most) => distance <= f64::from(most),
            #[expect(clippy::cast_possible_truncation, reason = "values of 32 bits, written and read back")]
            Self::Ulp32(most) => {
                let order = |value: f64| {
                    let bits = i64::from((value as f32).to_bits() & 0x7fff_ffff);
                    if value.is_sign_negative() { -bits } else { bits }
                };
                order(reference).abs_diff(order(value)) <= u64::from(most)
            }
            Self::Ulp64(most) => {
                let order = |value: f64| {
                    let bits = i128::from(value.to_bits() & (u64::MAX >> 1));
                    if value.is_sign_negative() { -bits } else { bits }
                };
                order(reference).abs_diff(order(value)) <= u128::from(most)
            }
        }
    }
}

impl Tolerance {
    /// The same for integers, of which an `f64` holds those of up to 53 bits only.
    pub(super) fn accepts_integers(self, reference: i128, value: i128) -> bool {
        let distance = reference.abs_diff(value);
        match self {
            Self::Absolute(most) => distance as f64 <= most,
            Self::Relative(most) => distance as f64 <= most * (reference as f64).abs(),
            Self::Lsb(most) => distance <= u128::from(most),
            Self::Ulp32(_) | Self::Ulp64(_) => self.accepts(reference as f64, value as f64),
        }
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(most) => write!(f, "{most}"),
            Self::Relative(most) => write!(f, "{most} of the value"),
            Self::Ulp32(most) => write!(f, "{most} ulp (f32)"),
            Self::Ulp64(most) => write!(f, "{most} ulp (f64)"),
            Self::Lsb(most) => write!(f, "{most} LSB"),
        }
    }
}

/// The tolerances of a test, by item name. Items that are not named must be equal.
pub(super) type Tolerances = BTreeMap<String, Tolerance>;
