//! rustc's own advice, at the user's own line.
use spead_inproc::{SendStream, spead_test};

#[spead_test]
fn t(tx: SendStream) {
    "5".parse::<u32>()?;
}
