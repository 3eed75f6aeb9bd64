//! The laws that the fuzz targets call, on seeded bytes, and on the cases that fuzzing has found.

use std::{fs, path::Path};

use proptest::{collection::vec, prelude::*};
use spead_inproc::Flavour;
use support::{
    laws,
    raw_packet::RawPacket,
    strategies::{config, packet_storms},
};

/// Packets as the reassembler's law reads them: settings, then each with its length before it.
fn packets() -> impl Strategy<Value = Vec<u8>> {
    let packet = (0_u64..4, 1_u64..60, 0_u64..60, 0_u64..40, vec(any::<u64>(), 0..3)).prop_map(
        |(cnt, heap_length, from, length, pointers)| {
            let mut packet = RawPacket::part(cnt, heap_length, from..from + length);
            packet.pointers.extend(pointers);
            packet.bytes()
        },
    );
    (any::<[u8; 2]>(), vec(packet, 0..20)).prop_map(|(settings, packets)| {
        let mut data = settings.to_vec();
        for packet in packets {
            data.push(u8::try_from(packet.len()).unwrap());
            data.extend(packet);
        }
        data
    })
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn packet(data in vec(any::<u8>(), 0..120)) {
        laws::packet(&data);
    }

    #[test]
    fn packets_of_bytes(data in packets()) {
        laws::packet(&data[data.len().min(3)..]);
    }

    #[test]
    fn reassembler(data in vec(any::<u8>(), 0..400)) {
        laws::reassembler(&data);
    }

    #[test]
    fn reassembler_of_packets(data in packets()) {
        laws::reassembler(&data);
    }

    #[test]
    fn storms(packets in packet_storms(Flavour::SPEAD_64_48, 4), settings in any::<[u8; 2]>()) {
        let mut data = settings.to_vec();
        for packet in packets.iter().filter(|packet| packet.len() < 256) {
            data.push(u8::try_from(packet.len()).unwrap());
            data.extend(packet);
        }
        laws::reassembler(&data);
        packets.iter().for_each(|packet| laws::packet(packet));
    }

    #[test]
    fn descriptor(data in vec(any::<u8>(), 0..120)) {
        laws::descriptor(&data);
    }
}

/// The corpora of the fuzz targets, and what fuzzing has found.
#[test]
fn the_corpus() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("spead-inproc/fuzz");
    let mut files = 0;
    for (target, law) in
        [("packet", laws::packet as fn(&[u8])), ("reassembler", laws::reassembler), ("descriptor", laws::descriptor)]
    {
        for entry in fs::read_dir(fuzz.join("corpus").join(target)).unwrap() {
            law(&fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
    }
    assert!(files > 0, "no corpus");
}
