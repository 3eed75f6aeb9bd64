use bytes::Bytes;
use proptest::{collection::vec, prelude::*, sample::Index};

use super::heaps;
use crate::{
    heap::Heap,
    send::Packetizer,
    wire::{Flavour, HeapCnt},
};

/// What befalls a packet of a storm.
#[derive(Debug, Clone)]
enum Damage {
    Lost,
    Twice,
    Moved(Index),
    Cut(Index),
    Flipped(Index),
    Foreign(Vec<u8>),
}

/// The packets of up to `heaps` heaps with cnts from 1 on, as a bad network delivers them: some lost, some twice, some in other
/// places, cut short, with a wrong bit, and foreign bytes among them. Without what went wrong they are whole and in order,
/// and to that they shrink.
pub fn packet_storms(flavour: Flavour, heaps: usize) -> impl Strategy<Value = Vec<Bytes>> {
    let damage = prop_oneof![
        Just(Damage::Lost),
        Just(Damage::Twice),
        any::<Index>().prop_map(Damage::Moved),
        any::<Index>().prop_map(Damage::Cut),
        any::<Index>().prop_map(Damage::Flipped),
        vec(any::<u8>(), 0..64).prop_map(Damage::Foreign),
    ];
    let damages = vec((any::<Index>(), damage), 0..16);
    let sent = vec(heaps::heaps(flavour, 3, 500), 1..=heaps.max(1));
    // What went wrong shrinks first: then the heaps can shrink too.
    (damages, 128_usize..600, sent).prop_map(|(damages, packet_size, sent)| {
        let mut packets = cut(&sent, packet_size);
        damages.into_iter().for_each(|(at, damage)| befall(&mut packets, at, damage));
        packets
    })
}

fn cut(heaps: &[Heap], packet_size: usize) -> Vec<Bytes> {
    let packets = |(cnt, heap): (u64, &Heap)| {
        let cnt = HeapCnt::wrapped(cnt, heap.flavour()).get();
        Packetizer::new(heap, cnt, packet_size).expect("few items fit the packets")
    };
    (1_u64..).zip(heaps).flat_map(|heap| packets(heap).iter().collect::<Vec<_>>()).collect()
}

fn befall(packets: &mut Vec<Bytes>, at: Index, damage: Damage) {
    if packets.is_empty() {
        return;
    }
    let at = at.index(packets.len());
    match damage {
        Damage::Lost => drop(packets.remove(at)),
        Damage::Twice => packets.insert(at, packets[at].clone()),
        Damage::Moved(to) => {
            let packet = packets.remove(at);
            packets.insert(to.index(packets.len() + 1), packet);
        }
        Damage::Cut(length) => packets[at] = packets[at].slice(..length.index(packets[at].len() + 1)),
        Damage::Flipped(bit) if !packets[at].is_empty() => {
            let (bit, mut bytes) = (bit.index(8 * packets[at].len()), packets[at].to_vec());
            bytes[bit / 8] ^= 0x80 >> (bit % 8);
            packets[at] = bytes.into();
        }
        Damage::Flipped(_) => {}
        Damage::Foreign(bytes) => packets.insert(at, bytes.into()),
    }
}
