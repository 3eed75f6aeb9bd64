//! Fewer receivers than the parameters take.
use spead_inproc::{RecvStream, SendStream, spead_test};

#[spead_test(receivers = 1)]
fn t(a: RecvStream, b: RecvStream, tx: SendStream) {}
