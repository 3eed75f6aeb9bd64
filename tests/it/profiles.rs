//! The field's streams: packets a heap, header and payload sizes as their engines send them, and values that come back.

use num_complex::Complex;
use rstest::rstest;
use spead_inproc::{
    Heap, InprocQueue, ItemGroup, Packetizer, RecvConfig, RecvStream, SendConfig, SendStream, Value,
    descriptor::ByteOrder,
    profile::{MISSING_VISIBILITY, Misfit, Profile, baseline_products},
    wire::Packet,
};

/// Header and payload bytes of each packet of a heap, sent as its stream is.
fn packets(profile: &Profile, heap: &Heap) -> Vec<(usize, usize)> {
    let packets = Packetizer::repeating_pointers(heap, 1, profile.max_packet_size()).unwrap();
    let sizes = packets.iter().map(|bytes| {
        let payload = usize::try_from(Packet::parse(&bytes).unwrap().payload_length()).unwrap();
        (bytes.len() - payload, payload)
    });
    sizes.collect()
}

/// The heap as a receiver gets it that has learnt the items from descriptors.
fn through_a_queue(profile: &Profile, heaps: &[Heap]) -> Vec<ItemGroup> {
    let queue = InprocQueue::new();
    let config = SendConfig { max_packet_size: profile.max_packet_size(), ..SendConfig::default() };
    let tx = SendStream::new(&queue, config).unwrap();
    tx.send_heap(&profile.descriptor_heap().unwrap()).unwrap();
    for heap in heaps {
        tx.send_heap(profile.reference(heap)).unwrap();
    }
    queue.stop();
    let rx = RecvStream::new(RecvConfig::default()).unwrap();
    rx.add_inproc_reader(&queue).unwrap();
    let mut group = ItemGroup::new(Profile::FLAVOUR);
    group.update(&rx.next_heap().unwrap()).unwrap();
    assert_eq!(group.len(), profile.items().len());
    let profile = profile.clone().with_ids_of(&group);
    heaps
        .iter()
        .map(|sent| {
            let heap = rx.next_heap().unwrap();
            profile.check(&heap).unwrap();
            assert_eq!(*heap, *sent);
            let updated = group.update(&heap).unwrap();
            assert_eq!(updated.len(), profile.items().len());
            assert!(updated.unknown().is_empty());
            group.clone()
        })
        .collect()
}

/// Numbers that look like noise and are the same each time.
fn noise(length: usize) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(0x2545_f491_4f6c_dd1d_u64), |state| {
        let mut next = *state;
        next ^= next << 13;
        next ^= next >> 7;
        next ^= next << 17;
        Some(next)
    })
    .take(length)
}

fn int8(word: u64) -> i8 {
    i8::from_le_bytes([word.to_le_bytes()[0]])
}

#[test]
fn digitiser() {
    let profile = Profile::digitiser();
    let description = Packetizer::new(&profile.descriptor_heap().unwrap(), 1, profile.max_packet_size()).unwrap();
    assert_eq!(description.iter().map(|packet| packet.len()).collect::<Vec<_>>(), [459]);

    let samples: Vec<i16> = noise(4096).map(|word| i16::try_from(word % 1024).unwrap() - 512).collect();
    let heaps: Vec<_> = (0..3)
        .map(|index| {
            let heap = profile.heap(index).value("digitiser_id", 1u64).value("digitiser_status", 0u64);
            heap.value("adc_samples", samples.clone()).build().unwrap()
        })
        .collect();
    assert_eq!(packets(&profile, &heaps[0]), [(72, 5120)]);
    for (index, group) in through_a_queue(&profile, &heaps).iter().enumerate() {
        assert_eq!(group["timestamp"].value().unwrap().as_u64(), Some(4096 * index as u64));
        assert_eq!(group["adc_samples"].value().unwrap().as_slice::<i16>().unwrap(), samples);
    }
}

#[test]
fn f_engine() {
    let wide = Profile::f_engine(512, 32);
    let narrow = Profile::f_engine(64, 32);
    let heap = |profile: &Profile, length| {
        let voltages: Vec<i8> = noise(length).map(int8).collect();
        let heap = profile.heap(5).value("feng_id", 3u64).value("frequency", 512u64);
        (heap.value("feng_raw", voltages.clone()).build().unwrap(), voltages)
    };
    let (wide_heap, voltages) = heap(&wide, 65_536);
    assert_eq!(packets(&wide, &wide_heap), [(72, 8192); 8]);
    assert_eq!(packets(&narrow, &heap(&narrow, 8192).0), [(72, 8192)]);
    let group = &through_a_queue(&wide, &[wide_heap])[0];
    assert_eq!(group["feng_raw"].shape(), [512, 32, 2, 2]);
    assert_eq!(group["feng_raw"].value().unwrap().as_slice::<i8>().unwrap(), voltages);
    assert_eq!(group["timestamp"].value().unwrap().as_u64(), Some(5 << 21));
}

#[test]
fn f_engine_of_four_bits() {
    let profile = Profile::f_engine_4_bit(64, 32);
    let voltages: Vec<i8> = noise(8192).map(|word| i8::try_from(word % 16).unwrap() - 8).collect();
    let heap = profile.heap(0).value("feng_id", 0u64).value("frequency", 0u64).value("feng_raw", voltages.clone());
    let heap = heap.build().unwrap();
    assert_eq!(packets(&profile, &heap), [(72, 4096)]);
    let group = &through_a_queue(&profile, &[heap])[0];
    assert_eq!(group["feng_raw"].value().unwrap().as_slice::<i8>().unwrap(), voltages);
}

/// Antennas, channels, bytes of the heap, packets, bytes of the last packet.
#[rstest]
#[case(4, 256, 81_920, 10, 8256)]
#[case(64, 64, 4_259_840, 520, 8256)]
#[case(80, 8, 829_440, 102, 2112)]
fn x_engine(
    #[case] antennas: usize,
    #[case] channels: usize,
    #[case] bytes: usize,
    #[case] count: usize,
    #[case] last: usize,
    #[values(ByteOrder::Little, ByteOrder::Big)] order: ByteOrder,
) {
    let profile = Profile::x_engine(antennas, channels, order);
    let elements = channels * baseline_products(antennas) * 2;
    let mut visibilities: Vec<i32> =
        noise(elements).map(|word| i32::try_from(word >> 33).unwrap() - (1 << 30)).collect();
    visibilities[..2].copy_from_slice(&MISSING_VISIBILITY);
    let heap = profile.heap(1).value("frequency", 0u64).value("xeng_raw", visibilities.clone()).build().unwrap();
    let packets = packets(&profile, &heap);
    assert_eq!(heap.payload_length(), bytes as u64);
    assert_eq!(packets.len(), count);
    assert_eq!(packets[0], (64, 8192));
    assert_eq!(packets[count - 1], (64, last - 64));
    let group = &through_a_queue(&profile, &[heap])[0];
    assert_eq!(group["xeng_raw"].value().unwrap().as_slice::<i32>().unwrap(), visibilities);
}

#[test]
fn beamformer() {
    let profile = Profile::beamformer(64, 256);
    let beam: Vec<i8> = noise(32_768).map(int8).collect();
    let heap = profile.heap(2).value("frequency", 128u64).value("beam_ants", 4u64).value("bf_raw", beam.clone());
    let heap = heap.build().unwrap();
    assert_eq!(packets(&profile, &heap), [(72, 8192); 4]);
    let group = &through_a_queue(&profile, &[heap])[0];
    assert_eq!(group["bf_raw"].value().unwrap().as_slice::<i8>().unwrap(), beam);
}

/// The receiver's ids are those that the descriptors say, not those of the profile.
#[test]
fn visibilities() {
    let mut assigned = ItemGroup::new(Profile::FLAVOUR);
    let standard = Profile::visibilities(512, 4);
    assigned
        .extend(standard.items().iter().rev().enumerate().map(|(at, item)| item.clone().with_id(0x1000 + at as u64)));
    let profile = standard.with_ids_of(&assigned);
    assert_eq!(profile.item("frequency").unwrap().id(), 0x1000);

    let products = 512 * 40;
    let data: Vec<_> = noise(products).map(|word| Complex::new((word % 99) as f32, -1.5)).collect();
    let flags: Vec<u8> = noise(products).map(|word| word.to_le_bytes()[0]).collect();
    let heap = profile
        .heap(7)
        .value("correlator_data", data.clone())
        .value("flags", flags.clone())
        .value("weights", flags)
        .value("weights_channel", vec![0.5f32; 512])
        .value("timestamp", 1.7e9)
        .value("frequency", 1024u32)
        .build()
        .unwrap();
    let group = &through_a_queue(&profile, &[heap])[0];
    assert_eq!(group["correlator_data"].value().unwrap().as_slice::<Complex<f32>>().unwrap(), data);
    assert_eq!(group["dump_index"].value().unwrap().as_u64(), Some(7));
    assert_eq!(group["timestamp"].value().unwrap().as_f64(), Some(1.7e9));
}

#[test]
fn what_does_not_fit_is_said() {
    let profile = Profile::f_engine(1, 2);
    let heap = Heap::builder(Profile::FLAVOUR)
        .immediate(0x1600, (1 << 21) + 1)
        .item(0x4101, vec![0, 0, 0, 0, 0, 1])
        .item(0x4300, vec![0; 9])
        .immediate(0x1234, 0)
        .build()
        .unwrap();
    let mismatch = profile.check(&heap).unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "this is no F-engine heap: item \"timestamp\" is u64 2097153, which is no multiple of 2097152; item \"feng_id\" \
         should be immediate; item 0x4103 \"frequency\" is there 0 times, not once; item \"feng_raw\" has 9 bytes, not 8; \
         item 0x1234 is none of its items"
    );
    assert!(matches!(mismatch.misfits[0], Misfit::Time { step: 2_097_152, .. }));

    let incomplete = profile.heap(0).value("feng_id", 0u64).build().unwrap_err();
    assert_eq!(
        incomplete.to_string(),
        "F-engine heaps need a value for \"frequency\": add `.value(\"frequency\", ..)`"
    );
    let unknown = profile.heap(0).value("fengid", 0u64).build().unwrap_err();
    assert_eq!(unknown.to_string(), "F-engine heaps have no item \"fengid\"");
    let value = profile.heap(0).value("feng_id", Value::from("x")).value("frequency", 0u64).build().unwrap_err();
    assert!(value.to_string().starts_with("item 0x4101 \"feng_id\": "), "{value}");
}
