//! Runtimes and other test attributes: the attribute picks none and goes with each.

use macro_rules_attribute::apply;
use spead_inproc::{RecvStream, SendStream, spead_test};

use super::heap;

#[spead_test(senders = 1)]
#[tokio::test]
async fn tokio_below(tx: SendStream, rx: RecvStream) {
    let sent = tx.send_heap_async(&heap(9000));
    rx.next_heap_async().await.unwrap();
    sent.await.unwrap();
}

#[tokio::test]
#[spead_test(senders = 1)]
async fn tokio_above(tx: SendStream, rx: RecvStream) {
    let sent = tx.send_heap_async(&heap(9000));
    rx.next_heap_async().await.unwrap();
    sent.await.unwrap();
}

/// insta's settings go with the future, whichever thread polls it.
#[spead_test(threads = true, settings = suffixed())]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_threads([a, b]: [SendStream; 2], rx: RecvStream) -> anyhow::Result<()> {
    let first = tokio::spawn(async move { a.send_heap(&heap(1)).map(|sent| sent.cnt) });
    assert_eq!(first.await??, 1);
    b.send_heap(&heap(2))?;
    assert_eq!(rx.heaps().take(2).count(), 2);
    insta::assert_snapshot!("as set");
    Ok(())
}

fn suffixed() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_suffix("set");
    settings
}

macro_rules! smol_test {
    ($(#[$attr:meta])* async fn $name:ident() $(-> $ret:ty)? $body:block) => {
        $(#[$attr])*
        #[test]
        fn $name() $(-> $ret)? {
            smol::block_on(async move $body)
        }
    };
}

#[spead_test]
#[apply(smol_test!)]
async fn smol(tx: SendStream, rx: RecvStream) {
    let sent = tx.send_heap_async(&heap(3));
    rx.next_heap_async().await.unwrap();
    sent.await.unwrap();
}

#[spead_test]
#[test_log::test]
fn test_log_below(tx: SendStream) {
    tx.send_heap(&heap(3)).unwrap();
}

#[test_log::test(spead_test)]
fn test_log_around(tx: SendStream) {
    tx.send_heap(&heap(3)).unwrap();
}

#[spead_test]
#[test_log::test(tokio::test)]
async fn test_log_and_tokio(tx: SendStream) {
    tx.send_heap(&heap(3)).unwrap();
    tokio::task::yield_now().await;
}

#[spead_test]
#[test]
fn test_below(tx: SendStream) {
    tx.send_heap(&heap(3)).unwrap();
}
