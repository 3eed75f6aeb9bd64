//! What a test can return, and `#[should_panic]`.

use std::process::{ExitCode, Termination};

use spead_inproc::{RecvStream, SendStream, spead_test};

use super::heap;

#[spead_test]
fn nothing(tx: SendStream) {
    tx.send_heap(&heap(1)).unwrap();
}

#[spead_test]
fn result(tx: SendStream) -> Result<(), spead_inproc::SendError> {
    tx.send_heap(&heap(1)).map(drop)
}

#[spead_test]
fn anyhow(tx: SendStream) -> anyhow::Result<()> {
    tx.send_heap(&heap(1))?;
    Ok(())
}

#[spead_test]
fn exit_code(tx: SendStream) -> ExitCode {
    tx.send_heap(&heap(1)).unwrap();
    ExitCode::SUCCESS
}

struct Verdict;

impl Termination for Verdict {
    fn report(self) -> ExitCode {
        ExitCode::SUCCESS
    }
}

#[spead_test]
fn own_type(tx: SendStream) -> Verdict {
    tx.send_heap(&heap(1)).unwrap();
    Verdict
}

/// It has no snapshot, so none can make it pass.
#[spead_test]
#[should_panic(expected = "no heap can come")]
fn should_panic(tx: SendStream, rx: RecvStream) {
    tx.send_heap(&heap(1)).unwrap();
    rx.next_heap().unwrap();
    if let Err(error) = rx.next_heap() {
        panic!("no heap can come: {error}");
    }
}

#[spead_test]
#[cfg_attr(all(), should_panic(expected = "conditional"))]
fn conditional(_tx: SendStream) {
    panic!("conditional");
}
