//! Whether it has failed cannot be seen.
use spead_inproc::{SendStream, spead_test};

#[spead_test]
fn t(tx: SendStream) -> impl std::process::Termination {}
