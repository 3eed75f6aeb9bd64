//! Whether a test has failed, by what it returned.
//!
//! [`std::process::Termination`] would consume the value and print it; the test runner does that. This only looks.

use std::process::ExitCode;

/// A returned value to be asked with `failed()`. Its own methods answer for the types that can tell; a method of a type itself
/// is preferred to a trait's, so every other type falls through to [`Otherwise`].
#[derive(Debug)]
pub struct Probe<'a, T>(pub &'a T);

impl<T, E> Probe<'_, Result<T, E>> {
    /// Whether it is an error.
    pub const fn failed(&self) -> bool {
        self.0.is_err()
    }
}

impl Probe<'_, ExitCode> {
    /// Whether it is anything but success.
    pub fn failed(&self) -> bool {
        *self.0 != ExitCode::SUCCESS
    }
}

/// Every other value is a success.
pub trait Otherwise {
    /// No.
    fn failed(&self) -> bool;
}

impl<T> Otherwise for Probe<'_, T> {
    fn failed(&self) -> bool {
        false
    }
}

/// For tests that return nothing.
pub const fn passed<R>(_: &R) -> bool {
    false
}
