//! A number is no set of settings.
use spead_inproc::{SendStream, spead_test};

#[spead_test(settings = 3)]
fn t(tx: SendStream) {}
