//! Whether there is a snapshot is known when the test is compiled.
use spead_inproc::{SendStream, spead_test};

#[spead_test(snapshot = cfg!(unix))]
fn t(tx: SendStream) {}
