use proptest::{
    collection::{btree_set, vec},
    option,
    prelude::*,
};

use crate::harness::{Act, Faults, Field, Order, Select};

/// Selections among so many senders, heaps of each and packets of each heap; some with a chance.
pub fn selects(senders: usize, heaps: u64, packets: u32) -> impl Strategy<Value = Select> {
    let senders = option::of(btree_set(0..senders.max(1), 1..3));
    let heaps = option::of(btree_set(0..heaps.max(1), 1..3));
    let packets = option::of(btree_set(0..packets.max(1), 1..3));
    let chance = option::of((0.1..0.9, any::<u64>()));
    (senders, heaps, packets, chance).prop_map(|(senders, heaps, packets, chance)| {
        let mut select = Select::all();
        if let Some(senders) = senders {
            select = select.senders(senders);
        }
        if let Some(heaps) = heaps {
            select = select.heaps(heaps);
        }
        if let Some(packets) = packets {
            select = select.packets(packets);
        }
        match chance {
            Some((probability, seed)) => select.chance(probability, seed),
            None => select,
        }
    })
}

/// All that a rule can do, to packets of so many bytes; mostly it drops them. Swaps are with packets of these selections.
pub fn acts(packet: usize, swapped: impl Strategy<Value = Select>) -> impl Strategy<Value = Act> {
    let packet = packet.max(1);
    prop_oneof![
        4 => Just(Act::Drop),
        1 => Just(Act::Duplicate),
        1 => (1_u64..6).prop_map(Act::Delay),
        1 => swapped.prop_map(Act::Swap),
        1 => (0..8 * packet).prop_map(Act::FlipBit),
        1 => Just(Act::Corrupt(Field::PayloadOffset)),
        1 => (0..packet).prop_map(Act::Truncate),
        1 => Just(Act::Inject("not SPEAD".into())),
    ]
}

/// Plans of up to four rules, called `rule 0` and so on.
pub fn fault_plans(
    acts: impl Strategy<Value = Act>,
    selects: impl Strategy<Value = Select>,
) -> impl Strategy<Value = Faults> {
    vec((selects, acts), 0..5).prop_map(|rules| {
        let rule = |faults: Faults, (at, (select, act))| faults.rule(format!("rule {at}"), select, act);
        rules.into_iter().enumerate().fold(Faults::new(), rule)
    })
}

/// Orders for any number of senders: as sent, in turn, or by a seed.
pub fn orders() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::as_sent()), Just(Order::round_robin()), any::<u64>().prop_map(Order::random)]
}
