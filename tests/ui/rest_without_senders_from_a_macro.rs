//! The rest of the senders, as a macro passes a type on.
use spead_inproc::{SendStream, spead_test};

macro_rules! with {
    ($ty:ty) => {
        #[spead_test]
        fn test(tx: $ty) {
            drop(tx);
        }
    };
}

with!(Vec<SendStream>);
