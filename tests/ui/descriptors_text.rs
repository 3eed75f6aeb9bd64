//! Text where a policy is needed.
use spead_inproc::{SendStream, spead_test};

#[spead_test(descriptors = "late", description = 3)]
fn t(tx: SendStream) {}
