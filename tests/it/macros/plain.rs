//! Functions without a framework: parameters, keys, returns.

use spead_inproc::{Harness, InprocQueue, RecvStream, SendStream, spead_test};

use super::heap;

#[spead_test(senders = 2, max_heaps = 4)]
fn two_antennas(tx: [SendStream; 2], rx: RecvStream) {
    tx[0].send_heap(&heap(16)).unwrap();
    tx[1].send_heap(&heap(24)).unwrap();
    assert_eq!(rx.next_heap().unwrap().cnt(), 1);
}

#[spead_test(snapshot = false)]
fn by_type(rx: RecvStream, a: SendStream, b: SendStream) -> Result<(), Box<dyn std::error::Error>> {
    a.send_heap(&heap(8))?;
    b.send_heap(&heap(8))?;
    let heaps = rx.heaps().take(2).collect::<Result<Vec<_>, _>>()?;
    assert_eq!(heaps.len(), 2);
    Ok(())
}

#[spead_test(snapshot = false)]
fn any_pattern([a, mut b]: [SendStream; 2], _: RecvStream, mut c: SendStream) {
    std::mem::swap(&mut b, &mut c);
    a.send_heap(&heap(1)).unwrap();
    assert_eq!(b.send_heap(&heap(1)).unwrap().cnt, 3);
}

#[spead_test(senders = 4, snapshot = false)]
fn rest_leaves_what_others_take(rest: Vec<SendStream>, last: SendStream) {
    assert_eq!(rest.len(), 3);
    assert_eq!(last.send_heap(&heap(1)).unwrap().cnt, 4);
}

#[spead_test(senders = 3, receivers = 2, snapshot = false)]
fn harness_has_what_is_left(harness: Harness, tx: SendStream, rx: RecvStream) {
    assert_eq!(tx.send_heap(&heap(1)).unwrap().cnt, 1);
    assert_eq!(harness.sender(2).send_heap(&heap(1)).unwrap().cnt, 3);
    assert_eq!(harness.receivers().len(), 2);
    rx.next_heap().unwrap();
}

#[spead_test(senders = 3, snapshot = false)]
fn the_rest_is_all_there_is(harness: Harness, rest: Vec<SendStream>, last: SendStream, again: Harness) {
    assert_eq!(rest.iter().map(|tx| tx.send_heap(&heap(1)).unwrap().cnt).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(last.send_heap(&heap(1)).unwrap().cnt, 3);
    assert_eq!(harness.receiver().collect().unwrap().len(), 3);
    drop(again);
}

#[spead_test]
fn queue_alone(queue: InprocQueue) {
    queue.add_packet(&b"not a SPEAD packet"[..]).unwrap();
}
