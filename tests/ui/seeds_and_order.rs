//! Two keys that both decide the order.
use spead_inproc::{SendStream, harness::Order, spead_test};

#[spead_test(order = Order::round_robin(), seeds = 0..64, exhaustive = 6)]
fn t(tx: SendStream) {}
