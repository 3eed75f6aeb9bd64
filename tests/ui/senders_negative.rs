//! A number below zero.
use spead_inproc::{SendStream, spead_test};

#[spead_test(senders = -1)]
fn t(tx: SendStream) {}
