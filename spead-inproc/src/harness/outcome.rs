//! Whether a test has failed, by what it returned.
//!
//! [`std::process::Termination`] would consume the value and print it; the test runner does that. This only looks.

use std::process::ExitCode;

/// A returned value to be asked with `__spead_failed()`, a name that no trait of the user's has. The compiler takes the first that fits: a method of the type itself, then one
/// of a trait, then one of a trait for a reference.
///
/// A type of the user's own with a `Termination` counts as a success here, whatever it reports.
#[derive(Debug)]
pub struct Probe<'a, T>(pub &'a T);

impl Probe<'_, ExitCode> {
    /// Whether it is anything but success.
    #[must_use]
    pub fn __spead_failed(&self) -> bool {
        *self.0 != ExitCode::SUCCESS
    }
}

impl<E> Probe<'_, Result<ExitCode, E>> {
    /// Whether it is an error, or anything but success.
    #[must_use]
    pub fn __spead_failed(&self) -> bool {
        self.0.as_ref().map_or(true, |code| *code != ExitCode::SUCCESS)
    }
}

/// Any other result.
pub trait OfResult {
    /// Whether it is an error.
    fn __spead_failed(&self) -> bool;
}

impl<T, E> OfResult for Probe<'_, Result<T, E>> {
    fn __spead_failed(&self) -> bool {
        self.0.is_err()
    }
}

/// Every other value.
pub trait Otherwise {
    /// No.
    fn __spead_failed(&self) -> bool;
}

impl<T> Otherwise for &Probe<'_, T> {
    fn __spead_failed(&self) -> bool {
        false
    }
}

/// For tests that return nothing.
pub const fn passed<R>(_: &R) -> bool {
    false
}
