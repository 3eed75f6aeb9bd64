//! Senders, a queue and receivers, wired; and what came of it, as text.
//!
//! Knows how a test's streams belong together, and how their packets are accounted for and shown. Must not know test
//! frameworks: [`spead_test`](crate::spead_test) is sugar over [`Harness`].

mod artifact;
mod builder;
mod comparison;
#[expect(clippy::module_inception, reason = "the noun of this module")]
mod harness;
mod inject;
mod lint;
mod npy;
mod outcome;
#[doc(hidden)]
pub mod private;
mod render;
mod report;
mod settings;
mod shown;
mod site;
mod tolerance;

pub use builder::{HarnessBuilder, HarnessError};
pub use harness::Harness;
use inject::Claims;
pub use inject::{Demand, FromHarness};
pub use lint::Lint;
pub use report::{ReceiverReport, Report};
pub use shown::WireView;
pub use tolerance::Tolerance;
