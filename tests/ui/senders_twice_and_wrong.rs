//! A key that comes twice, once with a value that makes no sense.
use spead_inproc::{SendStream, spead_test};

#[spead_test(senders = "2", senders = 2, max_heaps = 4, max_heaps = 0)]
fn test(tx: [SendStream; 2]) {
    drop(tx);
}
