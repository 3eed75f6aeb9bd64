//! A flavour is no number.
use spead_inproc::{SendStream, spead_test};

#[spead_test(flavour = 48 + 16)]
fn t(tx: SendStream) {}
