//! An error in the attribute does not hide one in the body.
use spead_inproc::{SendStream, spead_test};

#[spead_test(sender = 1)]
fn t(tx: SendStream) {
    let n: u32 = "one";
}
