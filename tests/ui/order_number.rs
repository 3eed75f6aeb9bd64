//! A number for an order.
use spead_inproc::{SendStream, spead_test};

#[spead_test(order = 3, faults = "none", groups = 4)]
fn t(tx: SendStream) {}
