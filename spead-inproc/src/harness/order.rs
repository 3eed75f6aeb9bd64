use std::fmt;

/// In which order the packets of all senders reach the receivers.
///
/// Packets wait with their senders and are merged as they are read, so an order other than [`as_sent`](Self::as_sent)
/// can only choose among what was sent before a read. The packets of one sender keep their order, unless a script says
/// otherwise.
///
/// ```
/// use spead_inproc::{Flavour, Harness, Heap, harness::Order};
///
/// let order = Order::script([(1, 0), (0, 0)]);
/// let harness = Harness::builder().senders(2).order(order).build()?;
/// let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 5).build()?;
/// harness.sender(0).send_heap(&heap)?;
/// harness.sender(1).send_heap(&heap)?;
/// let cnts: Vec<u64> = harness.receiver().collect()?.iter().map(|heap| heap.cnt().get()).collect();
/// assert_eq!(cnts, [2, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order(pub(super) Kind);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Kind {
    #[default]
    AsSent,
    RoundRobin,
    Random(u64),
    Script(Vec<Step>),
    /// Which of the senders that have something comes next, by number; then the first.
    Choices(Vec<usize>),
}

impl Order {
    /// The order in which they were sent. The default.
    #[must_use]
    pub const fn as_sent() -> Self {
        Self(Kind::AsSent)
    }

    /// One packet of each sender in turn; senders that have none are passed over.
    #[must_use]
    pub const fn round_robin() -> Self {
        Self(Kind::RoundRobin)
    }

    /// Any interleaving, each as likely as the others; the same seed gives the same.
    #[must_use]
    pub const fn random(seed: u64) -> Self {
        Self(Kind::Random(seed))
    }

    /// This order, then what is left as it was sent. A packet that was not sent yet is waited for; one that never comes, or that
    /// the fault plan dropped, is passed over when the queue is stopped.
    #[must_use]
    pub fn script(steps: impl IntoIterator<Item = impl Into<Step>>) -> Self {
        Self(Kind::Script(steps.into_iter().map(Into::into).collect()))
    }

    pub(super) fn choices(choices: Vec<usize>) -> Self {
        Self(Kind::Choices(choices))
    }
}

/// One step of a script: `(sender, heap)` or `(sender, heap, packet)`, or the [`next`](Self::next) packet of a sender.
///
/// All count from 0; heaps as their sender sends them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Step {
    pub(super) sender: usize,
    pub(super) heap: Option<u64>,
    pub(super) packet: Option<u32>,
}

impl Step {
    /// The next packet of a sender, whichever it is.
    #[must_use]
    pub const fn next(sender: usize) -> Self {
        Self { sender, heap: None, packet: None }
    }

    /// Whether this packet is meant.
    pub(super) fn is(&self, heap: Option<u64>, packet: u32) -> bool {
        self.heap.is_none_or(|of| Some(of) == heap) && self.packet.is_none_or(|of| of == packet)
    }
}

/// All packets of a heap.
impl From<(usize, u64)> for Step {
    fn from((sender, heap): (usize, u64)) -> Self {
        Self { sender, heap: Some(heap), packet: None }
    }
}

/// One packet.
impl From<(usize, u64, u32)> for Step {
    fn from((sender, heap, packet): (usize, u64, u32)) -> Self {
        Self { sender, heap: Some(heap), packet: Some(packet) }
    }
}

/// As it is written in a test.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.heap, self.packet) {
            (Some(heap), Some(packet)) => write!(f, "({}, {heap}, {packet})", self.sender),
            (Some(heap), None) => write!(f, "({}, {heap})", self.sender),
            (None, _) => write!(f, "Step::next({})", self.sender),
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As it is written in a test.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::AsSent => f.write_str("Order::as_sent()"),
            Kind::RoundRobin => f.write_str("Order::round_robin()"),
            Kind::Random(seed) => write!(f, "Order::random({seed})"),
            Kind::Script(steps) => {
                // All elements of an array have one type.
                let kind = |step: &Step| (step.heap.is_some(), step.packet.is_some());
                let mixed = steps.iter().any(|step| kind(step) != kind(&steps[0]));
                let write = |step: &Step| match kind(step) {
                    (true, _) if mixed => format!("Step::from({step})"),
                    _ => step.to_string(),
                };
                let steps: Vec<String> = steps.iter().map(write).collect();
                write!(f, "Order::script([{}])", steps.join(", "))
            }
            Kind::Choices(choices) => write!(f, "choices {choices:?}"),
        }
    }
}
