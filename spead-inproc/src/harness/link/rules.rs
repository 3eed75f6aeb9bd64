use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use crate::{
    harness::{
        Act, Done, Faults,
        fault::Rule,
        select::{Seen, Select},
    },
    recv::Count,
    send::Run,
    wire::Packet,
};

/// The rules that hold now, in the order in which they came, and what they did.
#[derive(Debug)]
pub(super) struct Rules {
    rules: Vec<(u64, Rule)>,
    next: u64,
    /// Swaps that wait for the other packet, by rule and sender.
    open: BTreeMap<(u64, usize), u64>,
    done: Vec<Done>,
}

impl Rules {
    pub(super) fn new(faults: Faults) -> Self {
        let rules: Vec<_> = (0..).zip(faults.into_rules()).collect();
        Self { next: rules.len() as u64, rules, open: BTreeMap::new(), done: Vec::new() }
    }

    pub(super) fn add(&mut self, rule: Rule) -> u64 {
        let id = self.next;
        self.next += 1;
        self.rules.push((id, rule));
        id
    }

    pub(super) fn end(&mut self, id: u64) {
        self.rules.retain(|(rule, _)| *rule != id);
        self.open.retain(|(rule, _), _| *rule != id);
    }

    pub(super) fn done(&self) -> &[Done] {
        &self.done
    }

    /// Whether some rule may be for packets of this heap.
    pub(super) fn may_touch(&self, sender: usize, heap: u64, run: &Run) -> bool {
        let seen = seen(sender, heap, run, 0);
        let may = |select: &Select| select.may_match(&seen);
        self.rules.iter().any(|(_, rule)| may(&rule.select) || matches!(&rule.act, Act::Swap(with) if may(with)))
    }

    /// Whether some rule is for this packet.
    pub(super) fn touches(&self, sender: usize, heap: u64, run: &Run, packet: u32) -> bool {
        self.find(sender, heap, run, packet).is_some()
    }

    /// What the first rule for this packet does, and whether the packet is the second of a swap.
    pub(super) fn act(&mut self, sender: usize, heap: u64, run: &Run, packet: u32) -> Option<(u64, Act, bool)> {
        let (at, partner) = self.find(sender, heap, run, packet)?;
        let (id, Rule { name, act, .. }) = &self.rules[at];
        let (id, act) = (*id, act.clone());
        self.done.push(Done { rule: Arc::clone(name), act: act.clone(), sender, heap, cnt: run.cnt(), packet });
        if matches!(act, Act::Swap(_)) {
            let open = self.open.entry((id, sender)).or_default();
            *open = if partner { *open - 1 } else { *open + 1 };
        }
        Some((id, act, partner))
    }

    /// Puts on record what was done to all packets of a heap, but not by a rule.
    pub(super) fn note(&mut self, name: &str, act: Act, sender: usize, heap: u64, run: &Run) {
        let name: Arc<str> = name.into();
        let done = |packet| Done { rule: Arc::clone(&name), act: act.clone(), sender, heap, cnt: run.cnt(), packet };
        self.done.extend(run.range().map(done));
    }

    fn find(&self, sender: usize, heap: u64, run: &Run, packet: u32) -> Option<(usize, bool)> {
        let seen = seen(sender, heap, run, packet);
        self.rules.iter().enumerate().find_map(|(at, (id, rule))| {
            let waits = || self.open.get(&(*id, sender)).is_some_and(|open| *open > 0);
            match &rule.act {
                Act::Swap(with) if with.matches(&seen) && waits() => Some((at, true)),
                _ => rule.select.matches(&seen).then_some((at, false)),
            }
        })
    }

    /// A line for each rule and sender.
    pub(super) fn tell(&self) -> String {
        lines(&self.done)
    }
}

/// A line for each rule that did something, and sender.
pub(in crate::harness) fn lines(done: &[Done]) -> String {
    let mut sums: Vec<((&str, &str, usize), u64)> = Vec::new();
    for Done { rule, act, sender, .. } in done {
        let key = (&**rule, act.planned().name(), *sender);
        match sums.iter_mut().find(|(other, _)| *other == key) {
            Some((_, packets)) => *packets += 1,
            None => sums.push((key, 1)),
        }
    }
    // In whatever order threads sent: what befell one sender's packets is in their order.
    sums.sort_by_key(|((.., sender), _)| *sender);
    sums.into_iter()
        .map(|((rule, act, sender), packets)| {
            format!("{act} by plan: {} from sender {sender} ({rule})\n", Count(packets, "packet"))
        })
        .collect()
}

/// Whether a damaged packet still says the same of its place, so that its heap can be whole.
pub(super) fn arrives(whole: &Bytes, damaged: &Bytes) -> bool {
    let place = |packet: &Packet<'_>| {
        (packet.flavour(), packet.cnt(), packet.heap_length(), packet.payload_offset(), packet.payload_length())
    };
    match (Packet::parse(whole), Packet::parse(damaged)) {
        (Ok(whole), Ok(damaged)) => place(&whole) == place(&damaged),
        _ => false,
    }
}

const fn seen(sender: usize, heap: u64, run: &Run, packet: u32) -> Seen<'_> {
    Seen { sender, heap, cnt: run.cnt(), packet, content: run.heap() }
}
