//! Senders, a queue and receivers, wired; and what came of it, as text.
//!
//! Knows how a test's streams belong together, and how their packets are accounted for and shown. Must not know test
//! frameworks: [`spead_test`](crate::spead_test) is sugar over [`Harness`].

mod artifact;
mod builder;
mod comparison;
mod descriptors;
mod fault;
mod group;
#[expect(clippy::module_inception, reason = "the noun of this module")]
mod harness;
mod inject;
mod link;
mod lint;
mod npy;
mod order;
mod outcome;
mod presence;
#[doc(hidden)]
pub mod private;
mod refusal;
mod render;
mod report;
mod running;
mod seed;
mod select;
mod settings;
mod shown;
mod site;
mod sweep;
mod swept;
mod tolerance;

pub use builder::{HarnessBuilder, HarnessError};
pub use descriptors::Descriptors;
pub use fault::{Act, Done, FaultGuard, Faults, Field};
pub use group::{EndpointError, Groups};
pub use harness::Harness;
use inject::Claims;
pub use inject::{Demand, FromHarness};
pub use lint::Lint;
pub use order::{Order, Step};
pub use presence::Presence;
pub use report::{ReceiverReport, Report};
pub use select::Select;
pub use shown::WireView;
pub use sweep::Sweep;
pub use tolerance::Tolerance;
