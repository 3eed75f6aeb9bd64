//! The standard `#[test]` polls nothing.
use spead_inproc::{SendStream, spead_test};

#[spead_test]
#[core::prelude::v1::test]
async fn t(tx: SendStream) {}
