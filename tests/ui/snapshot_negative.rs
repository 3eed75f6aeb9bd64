//! A switch with a sign.
use spead_inproc::{SendStream, spead_test};

#[spead_test(snapshot = -true, threads = -false)]
fn test(tx: SendStream) {
    drop(tx);
}
