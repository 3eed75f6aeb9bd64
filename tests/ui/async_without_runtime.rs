//! Who polls?
use spead_inproc::{SendStream, spead_test};

#[spead_test]
async fn t(tx: SendStream) {}
