//! rustc knows what a test can return.
use spead_inproc::{SendStream, spead_test};

#[spead_test]
fn t(tx: SendStream) -> u32 {
    5
}
