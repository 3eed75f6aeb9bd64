//! What holds for any bytes at all. The fuzz targets and the seeded tests call the same laws.

use bytes::Bytes;
use spead_inproc::{
    BugCompat, Descriptor, Event, Fate, Flavour, Heap, Limits, RecvConfig,
    descriptor::RawDescriptor,
    heap::Origin,
    recv::{Outcome, Reassembler},
    wire::{Packet, Packets},
};

/// Parsing gives a packet inside the bytes, or a reason; a buffer of packets ends.
///
/// # Panics
/// If not.
pub fn packet(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    if let Ok((packet, size)) = Packet::parse_prefix(&bytes) {
        assert!(size <= bytes.len());
        assert_eq!(packet.payload().len() as u64, packet.payload_length());
        assert!(packet.heap_length().is_none_or(|length| packet.payload_offset() + packet.payload_length() <= length));
        assert_eq!(Packet::parse(&bytes).is_ok(), size == bytes.len());
        assert!(Packet::parse(&bytes.slice(..size)).is_ok());
        packet.item_pointers().for_each(drop);
    }
    let packets: Vec<_> = Packets::new(bytes.clone()).collect();
    let lengths: usize = packets.iter().flatten().map(Bytes::len).sum();
    assert!(lengths <= bytes.len());
    assert_eq!(packets.iter().rev().skip(1).filter(|packet| packet.is_err()).count(), 0, "only the last can be broken");
}

/// A reassembler driven by bytes: settings, then packets. Every packet has one fate, every heap one end.
///
/// # Panics
/// If not.
pub fn reassembler(data: &[u8]) {
    let Some((&[a, b], mut rest)) = data.split_first_chunk() else { return };
    let config = RecvConfig {
        max_heaps: 1 + usize::from(a & 3),
        substreams: 1 + usize::from(a >> 2 & 1),
        allow_unsized_heaps: a & 8 == 0,
        allow_out_of_order: a & 16 != 0,
        stop_on_stop_item: a & 32 == 0,
        limits: if a & 64 == 0 { Limits::default() } else { Limits { heap_length: 4096, live_bytes: 200, items: 4 } },
        bug_compat: BugCompat::from_bits(u32::from(b & 7)),
        ..RecvConfig::default()
    };
    let mut reassembler = Reassembler::new(config).expect("good settings");
    let mut read = 0;
    let mut origin = 0;
    while let Some((&length, after)) = rest.split_first() {
        let bytes = Bytes::copy_from_slice(&after[..usize::from(length).min(after.len())]);
        rest = &after[bytes.len()..];
        origin = (origin + 1) % 3;
        read += 1;
        let outcome = match Packet::parse(&bytes) {
            Ok(packet) => reassembler.push(&packet, Origin::sender(origin)),
            Err(error) => reassembler.push_broken(error, Origin::sender(origin)),
        };
        reassembler.live_heaps().into_iter().for_each(drop);
        if outcome == Outcome::Stopped {
            break;
        }
    }
    reassembler.stop();
    balanced(&mut reassembler, read);
}

/// The books of a reassembler that has stopped and has not been popped.
///
/// # Panics
/// If they do not balance.
pub fn balanced(reassembler: &mut Reassembler, read: u64) {
    let events: Vec<Event> = std::iter::from_fn(|| reassembler.pop()).collect();
    let (stats, ledger) = (reassembler.stats(), reassembler.ledger());
    assert_eq!(ledger.received(), read);
    assert_eq!(Fate::ALL.iter().copied().map(|fate| ledger.of(fate)).sum::<u64>(), read);
    assert!(ledger.lanes().all(|(_, counts)| counts.live() == 0));
    let heaps = ledger.heaps();
    assert_eq!(heaps.whole + heaps.evicted + heaps.flushed, events.len() as u64);
    assert_eq!(stats.heaps, events.len() as u64);
    assert!(heaps.evicted <= stats.incomplete_heaps_evicted);
    assert!(heaps.control <= 1);
    assert_eq!(ledger.rejections().map(|(_, _, packets)| packets).sum::<u64>(), ledger.rejected());
    for event in &events {
        match event {
            Event::Heap(heap) => heap.raw_descriptors().iter().for_each(|raw| drop(ledger.explain(raw.id).to_string())),
            Event::Incomplete(heap) => {
                assert!(heap.payload_ranges().is_sorted_by(|a, b| a.end <= b.start));
                assert!(heap.missing_ranges().iter().all(|range| range.start < range.end));
                drop(ledger.explain(heap.cnt().get()).to_string());
            }
            _ => {}
        }
    }
}

/// A descriptor made of bytes, and an item of bytes read by it: a value or a reason; a value goes back and comes again.
///
/// # Panics
/// If not.
pub fn descriptor(data: &[u8]) {
    let Some((&[kind, shape, fields, split], rest)) = data.split_first_chunk() else { return };
    let (front, item) = rest.split_at(usize::from(split).min(rest.len()));
    let mut bytes = front.iter().copied();
    let mut next = || bytes.next().unwrap_or(1);
    let mut raw = RawDescriptor { id: 0x1000, name: b"item".to_vec(), ..RawDescriptor::default() };
    if kind & 1 == 0 {
        raw.shape = (0..shape & 3).map(|_| next()).map(|size| (size != 0xff).then(|| u64::from(size))).collect();
        raw.format = (0..1 + (fields & 3)).map(|_| (b"uifbcx"[usize::from(next() % 6)], u64::from(next()))).collect();
    } else if kind & 2 == 0 {
        raw.numpy_header = front.to_vec();
    } else {
        let types =
            ["<u2", ">i4", "|u1", ">f8", "<c8", "|b1", "|S3", "<U2", "|V5", "[('a', '<u2'), ('b', '>f4', (2,))]"];
        let numpy_type = types[usize::from(next()) % types.len()];
        let quote = if numpy_type.starts_with('[') { "" } else { "'" };
        let order = if kind & 4 == 0 { "False" } else { "True" };
        let dimensions: String = (0..shape & 3).map(|_| format!("{}, ", next())).collect();
        let header =
            format!("{{'descr': {quote}{numpy_type}{quote}, 'fortran_order': {order}, 'shape': ({dimensions})}}");
        raw.numpy_header = header.into_bytes();
    }
    let Ok(descriptor) = Descriptor::from_raw(&raw, BugCompat::from_bits(u32::from(kind >> 5))) else { return };
    let heap = Heap::builder(Flavour::SPEAD_64_48).auto(raw.id, item.to_vec()).build();
    let Ok(heap) = heap else { return };
    let Ok(value) = descriptor.decode(&heap.items()[0]) else { return };
    // Bytes that are left over, bits of truth values and the like are not kept; what was read is.
    if let Ok(bytes) = descriptor.encode(&value) {
        let again = Heap::builder(Flavour::SPEAD_64_48).item(raw.id, bytes).build().expect("it came in a heap");
        if !again.items()[0].bytes().is_empty() {
            let again = descriptor.decode(&again.items()[0]).expect("what was written can be read");
            assert!(again == value, "{again:?} instead of {value:?} by {descriptor:?}");
        }
    }
}
