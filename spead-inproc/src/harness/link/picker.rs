use std::collections::VecDeque;

use super::lane::{Lane, Parcel};
use crate::{
    harness::{
        Order,
        order::{Kind, Step},
        seed,
    },
    stream::Entry,
};

/// Chooses which sender's packet is next.
#[derive(Debug)]
pub(super) enum Picker {
    AsSent,
    RoundRobin { turn: usize },
    Random { seed: u64, picks: u64 },
    Script { steps: VecDeque<Step>, heap: Under },
    Choices { path: Vec<usize>, made: Vec<(usize, usize)> },
}

/// What is known of the heap that a step of a script lets pass.
#[derive(Debug, Default)]
pub(super) struct Under {
    packets: Option<u32>,
    /// Whether its last packet has passed.
    ended: bool,
}

impl Under {
    /// Notes a packet of the heap.
    fn pass(&mut self, parcel: &Parcel) {
        if let Entry::Run(run) = &parcel.entry {
            self.packets = run.with_heap(run.heap(), run.cnt()).map(|whole| whole.range().end);
        }
        // A damaged packet does not say how many there are.
        self.ended |= self.packets.is_none_or(|packets| parcel.packet + 1 >= packets);
    }
}

impl Picker {
    pub(super) fn new(order: &Order) -> Self {
        match &order.0 {
            Kind::AsSent => Self::AsSent,
            Kind::RoundRobin => Self::RoundRobin { turn: 0 },
            Kind::Random(seed) => Self::Random { seed: *seed, picks: 0 },
            Kind::Script(steps) => Self::Script { steps: steps.iter().copied().collect(), heap: Under::default() },
            Kind::Choices(path) => Self::Choices { path: path.clone(), made: Vec::new() },
        }
    }

    pub(super) const fn is_as_sent(&self) -> bool {
        matches!(self, Self::AsSent)
    }

    pub(super) fn choices(&self) -> Vec<(usize, usize)> {
        if let Self::Choices { made, .. } = self { made.clone() } else { Vec::new() }
    }

    /// The step that a script has come to.
    pub(super) fn waits_for(&self) -> Option<&'static str> {
        matches!(self, Self::Script { steps, .. } if !steps.is_empty())
            .then_some("the script waits for a packet that was not sent")
    }

    /// The next packets, if it is clear which they are; `ended` says that no more will come.
    pub(super) fn pick(&mut self, lanes: &mut [Lane], ended: bool) -> Option<Parcel> {
        match self {
            Self::AsSent => lanes[earliest(lanes)?].take(),
            Self::RoundRobin { turn } => {
                let count = lanes.len();
                let next = (0..count).map(|more| (*turn + more) % count).find(|lane| is_ready(&lanes[*lane]))?;
                *turn = next + 1;
                first(&mut lanes[next])
            }
            Self::Random { seed, picks } => {
                let packets = |lane: &Lane| lane.ready().map(|parcel| parcel.entry.len()).sum::<usize>();
                let total: usize = lanes.iter().map(packets).sum();
                if total == 0 {
                    return None;
                }
                let mut at = seed::below(*seed, &[*picks], total);
                *picks += 1;
                let lane = lanes.iter_mut().find(|lane| match at.checked_sub(packets(lane)) {
                    Some(rest) => {
                        at = rest;
                        false
                    }
                    None => true,
                })?;
                first(lane)
            }
            Self::Script { steps, heap } => loop {
                let Some(step) = steps.front().copied() else { return lanes[earliest(lanes)?].take() };
                let lane = lanes.get_mut(step.sender);
                let found = lane.and_then(|lane| {
                    let (place, packet) = find(lane, &step)?;
                    lane.take_packet(place, packet)
                });
                // A step without a number of the packet goes on until the heap has no more, now or later.
                let more = step.heap.is_some() && step.packet.is_none();
                match found {
                    Some(parcel) => {
                        if more {
                            heap.pass(&parcel);
                        }
                        let rest = lanes[step.sender].ready().any(|parcel| step.heap == parcel.heap);
                        if !more || (heap.ended && !rest) {
                            steps.pop_front();
                            *heap = Under::default();
                        }
                        return Some(parcel);
                    }
                    None if ended => {
                        steps.pop_front();
                        *heap = Under::default();
                    }
                    None => return None,
                }
            },
            Self::Choices { path, made } => {
                let ready: Vec<usize> = (0..lanes.len()).filter(|lane| is_ready(&lanes[*lane])).collect();
                let choice = match ready.len() {
                    0 => return None,
                    1 => 0,
                    options => {
                        let choice = path.get(made.len()).copied().unwrap_or(0).min(options - 1);
                        made.push((choice, options));
                        choice
                    }
                };
                first(&mut lanes[ready[choice]])
            }
        }
    }
}

fn is_ready(lane: &Lane) -> bool {
    lane.ready().next().is_some()
}

/// The lane whose next packet was sent before those of the others.
fn earliest(lanes: &[Lane]) -> Option<usize> {
    let heads = lanes.iter().enumerate().filter_map(|(at, lane)| Some((lane.ready().next()?.stamp, at)));
    heads.min().map(|(_, lane)| lane)
}

/// The next packet of a lane.
fn first(lane: &mut Lane) -> Option<Parcel> {
    let packet = lane.ready().next()?.packet;
    lane.take_packet(0, packet)
}

/// Where the packet of a step is.
fn find(lane: &Lane, step: &Step) -> Option<(usize, u32)> {
    lane.ready().enumerate().find_map(|(place, parcel)| {
        let packets = (0..u32::try_from(parcel.entry.len()).unwrap_or(u32::MAX)).map(|at| parcel.packet + at);
        packets.into_iter().find(|packet| step.is(parcel.heap, *packet)).map(|packet| (place, packet))
    })
}
