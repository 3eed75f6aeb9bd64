//! Fewer senders than the parameters take.
use spead_inproc::{SendStream, spead_test};

#[spead_test(senders = 2)]
fn t(a: SendStream, rest: [SendStream; 2]) {}
