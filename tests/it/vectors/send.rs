//! `send.json`: heaps and streams of them → the exact packets.

use serde_json::Value;
use spead_inproc::{
    GroupMode, Heap, HeapReference, InprocQueue, Packetizer, RecvConfig, SendConfig, SendError, SendStream,
    heap::Origin,
    recv::{Event, Reassembler},
    wire::Packet,
};
use support::{
    queue::drain,
    vectors::{flag, list, number, run, size, tagged, text, to_hex, unsigned},
};

use super::ops;

#[test]
fn packetize() {
    run("send.json", |case| case["kind"] == "packetize", check_packetize);
}

#[test]
fn stream() {
    run("send.json", |case| case["kind"] == "stream", check_stream);
}

fn check_packetize(case: &Value) -> Result<(), String> {
    let expect = &case["expect"];
    let flavour = ops::flavour(case);
    let (cnt, limit) = (unsigned(&case["cnt"], 0), size(&case["max_packet_size"], 1472));
    let packets = ops::heap(flavour, &case["ops"]).and_then(|heap| {
        let packets = if flag(&case["repeat_pointers"], false) {
            Packetizer::repeating_pointers(&heap, cnt, limit)?
        } else {
            Packetizer::new(&heap, cnt, limit)?
        };
        Ok((heap, packets))
    });
    let wanted = if expect["corrected"].is_array() { &expect["corrected"] } else { &expect["packets"] };
    if expect["error"].is_string() || tagged(case, "reference-bug:descriptor-id-overflow") {
        return match packets {
            Err(_) => Ok(()),
            Ok(_) => Err("should have been refused".into()),
        };
    }
    let (heap, packets) = packets.map_err(|error| error.to_string())?;
    let made: Vec<_> = packets.iter().collect();
    compare(&made.iter().map(|packet| to_hex(packet)).collect::<Vec<_>>(), wanted)?;
    if made.len() != packets.len() {
        return Err(format!("len() {} but {} packets", packets.len(), made.len()));
    }
    arrives(&heap, &made)
}

/// What spead2 sends, we receive.
fn arrives(heap: &Heap, packets: &[bytes::Bytes]) -> Result<(), String> {
    let config =
        RecvConfig { bug_compat: heap.flavour().bug_compat(), stop_on_stop_item: false, ..RecvConfig::default() };
    let mut reassembler = Reassembler::new(config).unwrap();
    for packet in packets {
        reassembler.push(&Packet::parse(packet).map_err(|error| error.to_string())?, Origin::FOREIGN);
    }
    match reassembler.pop() {
        Some(Event::Heap(received)) if items(received.heap()) == items(heap) => Ok(()),
        other => Err(format!("sent {heap:?}, received {other:?}")),
    }
}

/// What can be told apart by a receiver: not the same item given twice, nor special or null items.
fn items(heap: &Heap) -> Vec<(u64, bool, Vec<u8>)> {
    let mut items = Vec::new();
    for item in heap.items().iter().filter(|item| item.id().get() > 4) {
        let item = (item.id().get(), item.is_immediate(), item.bytes().to_vec());
        if !items.contains(&item) {
            items.push(item);
        }
    }
    items
}

fn check_stream(case: &Value) -> Result<(), String> {
    let config = SendConfig {
        max_packet_size: size(&case["config"]["max_packet_size"], 1472),
        max_heaps: size(&case["config"]["max_heaps"], 4),
        ..SendConfig::default()
    };
    let substreams = size(&case["substreams"], 1);
    let queues: Vec<_> = (0..substreams).map(|_| InprocQueue::new()).collect();
    let tx = SendStream::with_substreams(&queues, config).map_err(|error| error.to_string())?;
    // The same calls into a single queue show the global order.
    let global = InprocQueue::new();
    let merged = SendStream::with_substreams(&vec![global.clone(); substreams], config).unwrap();

    for (at, call) in list(&case["calls"]).iter().enumerate() {
        let wanted = &case["expect"]["results"][at];
        for stream in [&tx, &merged] {
            let result = check_call(stream, case, call);
            if &result != wanted {
                return Err(format!("call {at}: {result} instead of {wanted}"));
            }
        }
    }

    let packets = &case["expect"]["packets"];
    let hex = |packets: Vec<&Value>| packets.into_iter().map(|packet| packet["hex"].clone()).collect::<Value>();
    compare(&in_hex(&global), &hex(list(packets).iter().collect()))?;
    for (substream, queue) in queues.iter().enumerate() {
        let own = list(packets).iter().filter(|packet| packet["substream"] == substream).collect();
        compare(&in_hex(queue), &hex(own)).map_err(|why| format!("substream {substream}: {why}"))?;
    }
    Ok(())
}

/// The result of a call in the words of the vectors.
fn check_call(tx: &SendStream, case: &Value, call: &Value) -> Value {
    if let [next, step] = list(&call["set_cnt_sequence"]) {
        let wrap = |value: &Value| u64::try_from(number(value, 0).rem_euclid(1 << 64)).unwrap();
        return match tx.set_cnt_sequence(wrap(next), wrap(step)) {
            Ok(()) => serde_json::json!({"ok": null}),
            Err(_) => serde_json::json!({"error": "ValueError"}),
        };
    }
    let heaps: Vec<_> = list(&call["heaps"])
        .iter()
        .map(|heap| {
            let width = if heap["heap_address_bits"].is_null() { case } else { heap };
            ops::heap(ops::flavour(width), &heap["ops"]).unwrap()
        })
        .collect();
    let references: Vec<_> = heaps
        .iter()
        .zip(list(&call["heaps"]))
        .map(|(heap, spec)| {
            let mut reference = HeapReference::from(heap).on_substream(size(&spec["substream"], 0));
            if let Ok(cnt) = u64::try_from(number(&spec["cnt"], -1)) {
                reference = reference.with_cnt(cnt);
            }
            if flag(&spec["repeat_pointers"], false) { reference.repeat_pointers() } else { reference }
        })
        .collect();
    let sent = match text(&call["mode"]) {
        "single" => tx.send_heap(references[0]).map(|sent| sent.bytes),
        "serial" => tx.send_heaps(&references, GroupMode::Serial).map(|sent| sent.bytes),
        "round_robin" => tx.send_heaps(&references, GroupMode::RoundRobin).map(|sent| sent.bytes),
        mode => panic!("unknown mode {mode}"),
    };
    match sent {
        Ok(bytes) => serde_json::json!({"bytes": bytes}),
        Err(error) => serde_json::json!({"error": name(&error)}),
    }
}

fn name(error: &SendError) -> &'static str {
    match error {
        SendError::EmptyGroup | SendError::Substream { .. } | SendError::Cnt(_) => "IOError:EINVAL",
        SendError::Full { .. } => "IOError:EAGAIN",
        SendError::Packetize(_) => "ValueError",
        SendError::Stopped { .. } => "IOError:ECANCELED",
        error => panic!("no name for {error}"),
    }
}

fn in_hex(queue: &InprocQueue) -> Vec<String> {
    drain(queue).iter().map(|packet| to_hex(packet)).collect()
}

fn compare(made: &[String], wanted: &Value) -> Result<(), String> {
    let wanted: Vec<&str> = list(wanted).iter().map(text).collect();
    if made == wanted { Ok(()) } else { Err(format!("\n made {made:#?}\n not {wanted:#?}")) }
}
