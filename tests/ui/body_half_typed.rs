//! A line being typed: one error, at its place.
use spead_inproc::{SendStream, spead_test};

#[spead_test]
fn t(tx: SendStream) {
    let n: u32 = 1;
    tx.;
}
