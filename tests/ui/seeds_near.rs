//! Names that are nearly those of keys.
use spead_inproc::{SendStream, spead_test};

#[spead_test(seed = 0..64, exhaustiv = 6, oder = Order::round_robin(), fault = Faults::new(), group = "239.1.1.1:7148")]
fn t(tx: SendStream) {}
