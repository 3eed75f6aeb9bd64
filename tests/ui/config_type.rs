//! The configuration of one stream is not that of the harness.
use spead_inproc::{RecvConfig, SendStream, spead_test};

#[spead_test(config = RecvConfig::default())]
fn t(tx: SendStream) {}
