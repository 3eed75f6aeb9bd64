//! Nothing to run.
use spead_inproc::{SendStream, spead_test};

#[spead_test]
fn t(tx: SendStream);
