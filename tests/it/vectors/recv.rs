//! `recv.json`: packets and a configuration → heaps in order, and statistics.

use bytes::Bytes;
use serde_json::{Value, json};
use spead_inproc::{
    BugCompat, Event, Fate, Flavour, InprocQueue, Item, RecvConfig, RecvStream, Stats, descriptor::RawDescriptor,
};
use support::vectors::{flag, hex, list, run, size, to_hex, unsigned};

#[test]
fn one_by_one() {
    run("recv.json", |case| case["reader"] == "inproc", |case| check(case, &receive_one_by_one(case)));
}

#[test]
fn all_queued_beforehand() {
    run("recv.json", |case| case["reader"] == "inproc", |case| check(&without_times(case), &receive_queued(case)));
}

#[test]
fn from_a_buffer() {
    run("recv.json", |case| case["reader"] == "mem", |case| check(case, &receive_buffer(case)));
}

#[test]
fn no_reader_is_forgotten() {
    run(
        "recv.json",
        |_| true,
        |case| match case["reader"].as_str() {
            Some("inproc" | "mem") => Ok(()),
            other => Err(format!("reader {other:?}")),
        },
    );
}

/// What came out, in the words of the vectors.
struct Outcome {
    heaps: Vec<Value>,
    stats: Stats,
    stopped_by: Option<usize>,
    /// Packets read, and packets that have a fate.
    balance: (u64, u64),
    /// Packets that were offered, and packets left unread.
    offered: (u64, u64),
}

fn config(case: &Value) -> RecvConfig {
    let config = &case["config"];
    RecvConfig {
        max_heaps: size(&config["max_heaps"], 4),
        substreams: size(&config["substreams"], 1),
        bug_compat: BugCompat::from_bits(u32::try_from(unsigned(&config["bug_compat"], 0)).unwrap()),
        allow_unsized_heaps: flag(&config["allow_unsized_heaps"], true),
        allow_out_of_order: flag(&config["allow_out_of_order"], false),
        stop_on_stop_item: flag(&config["stop_on_stop_item"], true),
        ..RecvConfig::default()
    }
}

fn packets(case: &Value) -> Vec<Bytes> {
    list(&case["packets"]).iter().map(|packet| hex(packet).into()).collect()
}

fn receive_one_by_one(case: &Value) -> Outcome {
    let queue = InprocQueue::new();
    let rx = RecvStream::new(config(case)).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    let (mut heaps, mut stopped_by) = (Vec::new(), None);
    for (at, packet) in packets(case).into_iter().enumerate() {
        queue.add_packet(packet).unwrap();
        loop {
            match rx.try_next_event() {
                Ok(Some(event)) => heaps.extend(show(case, &event, Some(json!(at)))),
                Ok(None) => break,
                Err(_) => {
                    stopped_by.get_or_insert(at);
                    break;
                }
            }
        }
    }
    queue.stop();
    while let Ok(event) = rx.next_event() {
        heaps.extend(show(case, &event, Some(Value::Null)));
    }
    outcome(&rx, heaps, stopped_by, packets(case).len(), queue.len())
}

fn receive_queued(case: &Value) -> Outcome {
    let queue = InprocQueue::new();
    for packet in packets(case) {
        queue.add_packet(packet).unwrap();
    }
    queue.stop();
    let rx = RecvStream::new(config(case)).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    let heaps = std::iter::from_fn(|| rx.next_event().ok()).filter_map(|event| show(case, &event, None)).collect();
    outcome(&rx, heaps, None, packets(case).len(), queue.len())
}

fn receive_buffer(case: &Value) -> Outcome {
    let rx = RecvStream::new(config(case)).unwrap();
    rx.add_buffer_reader(packets(case).concat()).unwrap();
    let heaps = std::iter::from_fn(|| rx.next_event().ok()).filter_map(|event| show(case, &event, None)).collect();
    outcome(&rx, heaps, None, 0, 0)
}

fn outcome(rx: &RecvStream, heaps: Vec<Value>, stopped_by: Option<usize>, offered: usize, left: usize) -> Outcome {
    let offered = (offered as u64, left as u64);
    let ledger = rx.ledger();
    let decided = Fate::ALL.iter().copied().map(|fate| ledger.of(fate)).sum();
    let balance = (ledger.received(), decided);
    Outcome { heaps, stats: rx.stats(), stopped_by, balance, offered }
}

fn check(case: &Value, outcome: &Outcome) -> Result<(), String> {
    let expect = &case["expect"];
    let heaps: Vec<Value> = list(&expect["heaps"]).iter().cloned().map(sort_items).collect();
    if outcome.heaps != heaps {
        return Err(format!("\n got {:#}\n not {:#}", Value::from(outcome.heaps.clone()), Value::from(heaps)));
    }
    for (name, value) in outcome.stats.iter() {
        let wanted = &expect["stats"][name];
        if !wanted.is_null() && *wanted != value {
            return Err(format!("{name}: {value} instead of {wanted}"));
        }
    }
    if let Some(stopped_by) = expect["stopped_by_packet"].as_u64()
        && outcome.stopped_by.is_some_and(|at| at as u64 != stopped_by)
    {
        return Err(format!("stopped by packet {:?} instead of {stopped_by}", outcome.stopped_by));
    }
    let (received, decided) = outcome.balance;
    let (offered, left) = outcome.offered;
    if received != decided || (offered > 0 && received + left != offered) {
        return Err(format!("{offered} packets offered, {received} read, {decided} decided, {left} left"));
    }
    Ok(())
}

/// The case without when each heap came out, which only a step-by-step run can tell.
fn without_times(case: &Value) -> Value {
    let mut case = case.clone();
    for heap in case["expect"]["heaps"].as_array_mut().unwrap() {
        heap.as_object_mut().unwrap().remove("after_packet");
    }
    case["expect"]["stopped_by_packet"].take();
    case
}

fn show(case: &Value, event: &Event, after_packet: Option<Value>) -> Option<Value> {
    let ring = &case["ring"];
    let mut shown = match event {
        Event::Heap(heap) => {
            let mut shown = json!({
                "cnt": heap.cnt().get(),
                "contiguous": true,
                "heap_address_bits": heap.flavour().address_bits(),
                "start": heap.is_start_of_stream(),
                "end": heap.is_end_of_stream(),
                "items": items(heap.items()),
            });
            let descriptors: Vec<_> = heap.raw_descriptors().iter().map(descriptor).collect();
            if !descriptors.is_empty() {
                shown["descriptors"] = descriptors.into();
            }
            shown
        }
        Event::Incomplete(_) if flag(&ring["contiguous_only"], true) => return None,
        Event::Incomplete(heap) => {
            let keep = flag(&ring["incomplete_keep_payload_ranges"], false);
            let ranges = heap.payload_ranges().iter().filter(|_| keep).map(|range| json!([range.start, range.end]));
            json!({
                "cnt": heap.cnt().get(),
                "contiguous": false,
                "heap_address_bits": heap.flavour().address_bits(),
                "start": heap.is_start_of_stream(),
                "end": heap.is_end_of_stream(),
                "items": items(heap.items()),
                "heap_length": heap.heap_length().map_or_else(|| json!(-1), Value::from),
                "received_length": heap.received_length(),
                "payload_ranges": ranges.collect::<Vec<_>>(),
            })
        }
        other => panic!("{other:?}"),
    };
    if let Some(after_packet) = after_packet {
        shown["after_packet"] = after_packet;
    }
    Some(sort_items(shown))
}

/// Items as spead2 shows them: no descriptors, no empty addressed items.
fn items(items: &[Item]) -> Vec<Value> {
    items
        .iter()
        .filter(|item| item.id() != 5 && (item.is_immediate() || !item.bytes().is_empty()))
        .map(|item| {
            let mut shown =
                json!({"id": item.id().get(), "immediate": item.is_immediate(), "hex": to_hex(item.bytes())});
            if let Some(value) = item.as_immediate() {
                shown["value"] = large(value);
            }
            shown
        })
        .collect()
}

fn descriptor(raw: &RawDescriptor) -> Value {
    json!({
        "id": raw.id,
        "name": to_hex(&raw.name),
        "description": to_hex(&raw.description),
        "numpy_header": to_hex(&raw.numpy_header),
        "shape": raw.shape.iter().map(|size| size.map_or(Value::Null, large)).collect::<Vec<_>>(),
        "format": raw.format.iter().map(|(code, bits)| json!([char::from(*code).to_string(), bits])).collect::<Vec<_>>(),
    })
}

fn large(value: u64) -> Value {
    if value <= 1 << 53 { value.into() } else { value.to_string().into() }
}

/// The order of items is decided differently on purpose (design, decision 8): compare without it.
fn sort_items(mut heap: Value) -> Value {
    let items = heap["items"].as_array_mut().expect("items");
    items.sort_by_key(ToString::to_string);
    if let Some(cnt) = heap["cnt"].as_u64() {
        heap["cnt"] = large(cnt);
    }
    heap
}

#[test]
fn flavour_of_received_heaps_has_the_bug_compat_of_the_configuration() {
    run(
        "recv.json",
        |case| !case["config"]["bug_compat"].is_null(),
        |case| {
            let config = config(case);
            let queue = InprocQueue::new();
            packets(case).into_iter().for_each(|packet| queue.add_packet(packet).unwrap());
            queue.stop();
            let rx = RecvStream::new(config).unwrap();
            rx.add_inproc_reader(&queue).unwrap();
            let same = |flavour: Flavour| flavour.bug_compat() == config.bug_compat;
            let all = rx.heaps().filter_map(Result::ok).all(|heap| same(heap.flavour()));
            if all { Ok(()) } else { Err("another bug_compat".into()) }
        },
    );
}
