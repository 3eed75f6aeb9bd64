//! Values of other types.
use spead_inproc::{SendStream, harness::{Faults, Order}, spead_test};

#[spead_test(order = Faults::new(), faults = Order::as_sent())]
fn t(tx: SendStream) {}
