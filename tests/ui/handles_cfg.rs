//! A parameter under a condition.
use spead_inproc::{RecvStream, SendStream, spead_test};

#[spead_test]
fn test(tx: SendStream, #[cfg(unix)] rx: RecvStream) {
    drop((tx, rx));
}
