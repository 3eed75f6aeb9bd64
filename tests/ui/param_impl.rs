//! A parameter whose type has no name.
use spead_inproc::{FromHarness, spead_test};

#[spead_test]
fn test(tx: impl FromHarness) {
    drop(tx);
}
