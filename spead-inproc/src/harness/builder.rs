use std::time::Duration;

use super::{Descriptors, EndpointError, Faults, Harness, Order, Tolerance, group::Endpoints, tolerance::Tolerances};
use crate::{
    recv::{RecvConfig, RecvConfigError},
    send::{CutRule, PacketizeError},
    stream::{Io, SendConfig, SendConfigError},
    wire::Flavour,
};

/// What a [`Harness`] is to be; every setting has a default.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct HarnessBuilder {
    pub(super) senders: Option<usize>,
    pub(super) receivers: Option<usize>,
    pub(super) substreams: Option<usize>,
    pub(super) flavour: Flavour,
    pub(super) threads: bool,
    pub(super) timeout: Duration,
    pub(super) tolerances: Tolerances,
    pub(super) send: SendConfig,
    pub(super) recv: RecvConfig,
    pub(super) order: Order,
    pub(super) faults: Option<Faults>,
    pub(super) io: Option<Io>,
    pub(super) groups: Vec<String>,
    pub(super) descriptors: Descriptors,
    pub(super) taps: bool,
    /// The case of the test, if it has cases: what snapshots in it are called.
    pub(super) case: Option<String>,
}

impl Default for HarnessBuilder {
    fn default() -> Self {
        Self {
            senders: None,
            receivers: None,
            substreams: None,
            flavour: Flavour::SPEAD_64_48,
            threads: false,
            timeout: Duration::from_secs(10),
            tolerances: Tolerances::new(),
            send: SendConfig::default(),
            recv: RecvConfig::default(),
            order: Order::as_sent(),
            faults: None,
            io: None,
            groups: Vec::new(),
            descriptors: Descriptors::first(),
            taps: false,
            case: None,
        }
    }
}

impl HarnessBuilder {
    /// How many streams send into the queue. Sender *i* of *n* gives its heaps the cnts `i + 1`, `i + 1 + n`, … Default 1.
    pub fn senders(self, senders: usize) -> Self {
        Self { senders: Some(senders), ..self }
    }

    /// How many streams receive from the queue and share its packets. Default 1.
    pub fn receivers(self, receivers: usize) -> Self {
        Self { receivers: Some(receivers), ..self }
    }

    /// How many heaps of one substream may be arriving at once. Default 4.
    pub fn max_heaps(mut self, max_heaps: usize) -> Self {
        self.recv.max_heaps = max_heaps;
        self
    }

    /// Windows of `max_heaps` each. Default as many as there are senders, so that none can evict another's heaps; for
    /// receivers of groups 64.
    pub fn substreams(self, substreams: usize) -> Self {
        Self { substreams: Some(substreams), ..self }
    }

    /// Bytes of the largest packet. Default 1472.
    pub fn packet_size(mut self, max_packet_size: usize) -> Self {
        self.send.max_packet_size = max_packet_size;
        self
    }

    /// The flavour that [`Harness::flavour`] gives to whatever makes the test's heaps. Default SPEAD-64-48.
    pub fn flavour(self, flavour: Flavour) -> Self {
        Self { flavour, ..self }
    }

    /// Accepts the packets of a heap in any order.
    pub fn out_of_order(mut self) -> Self {
        self.recv.allow_out_of_order = true;
        self
    }

    /// The test sends or receives from threads of its own: a read then waits for them, up to the timeout.
    pub fn threads(self) -> Self {
        Self { threads: true, ..self }
    }

    /// How long a read may wait for another thread before it fails with a report. Default 10 s.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How far the numbers of the item with this name may be from those in the snapshot. Such an item is written in full,
    /// for the snapshot is what there is to compare with. Default: every value must be equal, as what is no number always
    /// must.
    pub fn tolerance(mut self, item: impl Into<String>, tolerance: Tolerance) -> Self {
        self.tolerances.insert(item.into(), tolerance);
        self
    }

    /// In which order the packets of all senders reach the receivers. Default [`Order::as_sent`].
    pub fn order(self, order: Order) -> Self {
        Self { order, ..self }
    }

    /// What happens to packets on their way. With an empty plan, rules can come later: [`Harness::fault`].
    pub fn faults(self, faults: Faults) -> Self {
        Self { faults: Some(faults), ..self }
    }

    /// When receivers learn what items mean. Default [`Descriptors::first`].
    pub fn descriptors(self, descriptors: Descriptors) -> Self {
        Self { descriptors, ..self }
    }

    /// Lets the harness be asked what has passed: [`Harness::tap_queue`], [`Harness::tap_lane`]. One with an order or
    /// faults can be asked anyway.
    pub fn taps(self) -> Self {
        Self { taps: true, ..self }
    }

    /// Multicast groups besides the queue, such as `239.102.1.0+15:7148`; may be said several times. Senders and receivers of
    /// their own join them: [`Harness::groups`]. Then there are no others unless their number is given.
    pub fn groups(mut self, endpoints: impl Into<String>) -> Self {
        self.groups.push(endpoints.into());
        self
    }

    /// All settings of the sending streams.
    pub fn send_config(self, send: SendConfig) -> Self {
        Self { send, ..self }
    }

    /// Where the sending streams do their work. Default on the thread that sends.
    ///
    /// Before the queue is stopped at the end, what was queued on a pool by the clock on the wall is sent, if the timeout is
    /// long enough. What is still queued after that, or waits for a stepper or a virtual clock, is told in
    /// [`Report::lints`](super::Report::lints).
    pub fn io(self, io: impl Into<Io>) -> Self {
        Self { io: Some(io.into()), ..self }
    }

    /// All settings of the receiving streams, in place of `max_heaps`, `out_of_order` and `substreams` as set before. All
    /// senders share `recv.substreams` windows, one by default: set [`substreams`](Self::substreams) after it.
    pub fn recv_config(self, recv: RecvConfig) -> Self {
        Self { recv, substreams: Some(recv.substreams), ..self }
    }

    /// The harness.
    ///
    /// # Errors
    /// [`HarnessError`] if a setting cannot work.
    pub fn build(self) -> Result<Harness, HarnessError> {
        Harness::new(&self)
    }

    /// Whether packets take the way through lanes, not straight to the queue.
    pub(super) fn is_linked(&self) -> bool {
        self.faults.is_some() || self.order != Order::as_sent() || self.taps || !self.descriptors.is_first()
    }

    /// How many streams send into the queue.
    pub(super) fn own_senders(&self) -> u32 {
        let own = self.senders.unwrap_or_else(|| usize::from(self.groups.is_empty()));
        u32::try_from(own).unwrap_or(u32::MAX)
    }

    /// How many streams receive from the queue.
    pub(super) fn own_receivers(&self) -> usize {
        self.receivers.unwrap_or_else(|| usize::from(self.groups.is_empty()))
    }

    /// What can be said of the settings before there are streams.
    pub(super) fn check(&self) -> Result<(), HarnessError> {
        if self.receivers == Some(0) && self.groups.is_empty() {
            return Err(HarnessError::NoReceivers);
        }
        for (what, count) in [("senders", self.senders), ("receivers", self.receivers)] {
            if let Some(count) = count.filter(|count| *count > MOST_STREAMS) {
                return Err(HarnessError::TooManyStreams { what, count });
            }
        }
        for text in &self.groups {
            Endpoints::parse(text)?;
        }
        self.send.check()?;
        CutRule::new(self.send.max_packet_size, false)?;
        self.receiving().slots()?;
        Ok(())
    }

    /// The settings of the receiving streams, with the default that depends on the others.
    pub(super) fn receiving(&self) -> RecvConfig {
        let substreams = self.substreams.unwrap_or_else(|| self.senders.unwrap_or(1).max(1));
        RecvConfig { substreams, ..self.recv }
    }
}

/// Streams of one kind in a harness.
const MOST_STREAMS: usize = 1 << 16;

/// Settings of a harness that cannot work.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HarnessError {
    /// Nobody would receive.
    #[error("receivers 0: use at least 1")]
    NoReceivers,
    /// Each stream takes memory, also one that nobody uses.
    #[error("{what} {count}: use at most 65536")]
    TooManyStreams {
        /// Senders or receivers.
        what: &'static str,
        /// How many were asked for.
        count: usize,
    },
    /// A group that is no address.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// Packets in which no heap could be sent.
    #[error(transparent)]
    Packets(#[from] PacketizeError),
    /// The settings of the sending streams.
    #[error(transparent)]
    Send(#[from] SendConfigError),
    /// The settings of the receiving streams.
    #[error(transparent)]
    Recv(#[from] RecvConfigError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_have_a_number_that_fits_memory() {
        let most = 1 << 16;
        assert_eq!(Harness::builder().senders(most).receivers(most).check(), Ok(()));
        for (what, builder) in [
            ("senders", Harness::builder().senders(most + 1)),
            ("receivers", Harness::builder().groups("239.1.1.1:7148").receivers(most + 1)),
        ] {
            let refused = builder.build().unwrap_err();
            assert_eq!(refused, HarnessError::TooManyStreams { what, count: most + 1 });
            assert_eq!(refused.to_string(), format!("{what} 65537: use at most 65536"));
        }
    }

    #[test]
    fn packets_that_hold_nothing_are_refused() {
        assert_eq!(Harness::builder().packet_size(56).check(), Ok(()));
        let refused = PacketizeError::PacketSize { max_packet_size: 55 };
        assert_eq!(Harness::builder().packet_size(55).check(), Err(HarnessError::Packets(refused)));
    }
}
