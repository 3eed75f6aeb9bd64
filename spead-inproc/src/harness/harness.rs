use std::{any::Any, sync::Arc};

use super::{Claims, HarnessBuilder, HarnessError, Report, report, tolerance::Tolerances};
use crate::{
    inproc::InprocQueue,
    send::CntSequence,
    stream::{RecvStream, SendStream, Watch},
    wire::Flavour,
};

/// Senders and receivers joined by a queue, ready for a test.
///
/// Heap cnts of different senders never meet, a read of what cannot come fails at once and says why, and every packet is
/// accounted for at the end. The queue is stopped when the last sender is gone.
///
/// ```
/// use spead_inproc::{Flavour, Harness, Heap};
///
/// let harness = Harness::builder().senders(2).build()?;
/// let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 5).build()?;
/// harness.sender(0).send_heap(&heap)?;
/// harness.sender(1).send_heap(&heap)?;
/// assert_eq!(harness.receiver().next_heap()?.cnt(), 1);
///
/// let report = harness.finish();
/// assert_eq!(report.receivers[0].ledger.used(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Harness {
    queue: InprocQueue,
    senders: Vec<Option<SendStream>>,
    receivers: Vec<RecvStream>,
    flavour: Flavour,
    watch: Arc<Watch>,
    tolerances: Arc<Tolerances>,
    claims: Claims,
    /// Whether it has still to account for its packets.
    open: bool,
}

impl Harness {
    /// Starts with the defaults: one sender, one receiver.
    pub fn builder() -> HarnessBuilder {
        HarnessBuilder::default()
    }

    pub(super) fn new(config: &HarnessBuilder) -> Result<Self, HarnessError> {
        if config.receivers == Some(0) {
            return Err(HarnessError::NoReceivers);
        }
        let queue = InprocQueue::new();
        let tolerances = Arc::new(config.tolerances.clone());
        let attached: Arc<dyn Any + Send + Sync> = Arc::<Tolerances>::clone(&tolerances);
        let watch = Arc::new(Watch::new(config.threads, config.timeout, attached));
        let senders = senders(config, &queue, &watch)?;
        let receiving = config.receiving();
        let receiver = |_| {
            let rx = RecvStream::new(receiving)?;
            rx.add_inproc_reader(&queue).expect("a new stream has not been started");
            Ok::<_, HarnessError>(rx.watched(Arc::clone(&watch)))
        };
        let receivers = (0..config.receivers.unwrap_or(1)).map(receiver).collect::<Result<_, _>>()?;
        Ok(Self {
            queue,
            senders,
            receivers,
            flavour: config.flavour,
            watch,
            tolerances,
            claims: Claims::default(),
            open: true,
        })
    }

    /// The sender with this index.
    ///
    /// # Panics
    /// If there are fewer senders, or a test took it as an argument.
    #[must_use]
    pub fn sender(&self, index: usize) -> &SendStream {
        let count = self.senders.len();
        match self.senders.get(index) {
            Some(Some(sender)) => sender,
            Some(None) => panic!("sender {index} was given away: use the handle that the test took"),
            None => panic!("no sender {index}: the harness has {count}, counted from 0; raise `senders`"),
        }
    }

    /// The first receiver.
    #[must_use]
    pub fn receiver(&self) -> &RecvStream {
        &self.receivers[0]
    }

    /// All receivers.
    #[must_use]
    pub fn receivers(&self) -> &[RecvStream] {
        &self.receivers
    }

    /// The queue between them.
    #[must_use]
    pub const fn queue(&self) -> &InprocQueue {
        &self.queue
    }

    /// The flavour that was chosen for the test's heaps.
    #[must_use]
    pub const fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// Stops the queue: what was sent can still be read, then receivers see the end.
    pub fn stop(&self) {
        self.queue.stop();
    }

    /// Stops, reads what was not read, and accounts for every packet.
    ///
    /// # Panics
    /// If a packet is unaccounted for, which is a bug of this crate.
    #[must_use]
    pub fn finish(mut self) -> Report {
        self.report()
    }

    /// What the parameters of a test have taken so far.
    pub(super) const fn claims(&mut self) -> &mut Claims {
        &mut self.claims
    }

    /// The senders that nobody has taken yet, by index.
    pub(super) const fn senders_mut(&mut self) -> &mut Vec<Option<SendStream>> {
        &mut self.senders
    }

    /// The same harness again, with these senders.
    pub(super) fn with_senders(&self, senders: Vec<Option<SendStream>>) -> Self {
        Self {
            queue: self.queue.clone(),
            senders,
            receivers: self.receivers.clone(),
            flavour: self.flavour,
            watch: Arc::clone(&self.watch),
            tolerances: Arc::clone(&self.tolerances),
            claims: Claims::default(),
            open: false,
        }
    }

    /// Stops, reads what was not read, and accounts for every packet.
    pub(super) fn report(&mut self) -> Report {
        self.open = false;
        self.senders.clear();
        self.stop();
        Report::new(&self.queue, &self.receivers, &self.watch, &self.tolerances)
    }
}

/// A harness that nobody finished checks its books all the same, but reads nothing: its streams may live on.
impl Drop for Harness {
    fn drop(&mut self) {
        if self.open && !std::thread::panicking() {
            report::check(&self.queue, self.receivers.iter().map(RecvStream::ledger));
        }
    }
}

/// The sending streams; with the last of them the queue stops. Without senders nothing stops it but the test.
fn senders(
    config: &HarnessBuilder,
    queue: &InprocQueue,
    watch: &Arc<Watch>,
) -> Result<Vec<Option<SendStream>>, HarnessError> {
    let count = config.senders.unwrap_or(1);
    if count == 0 {
        return Ok(Vec::new());
    }
    let lease: Arc<dyn Any + Send + Sync> = Arc::new(StopOnDrop(queue.clone()));
    let sender = |index| {
        let tx = SendStream::new(queue, config.send)?;
        tx.set_cnts(CntSequence::interleaved(index, count));
        Ok(Some(tx.watched(Arc::clone(watch), Arc::clone(&lease))))
    };
    (0..count).map(sender).collect()
}

/// Stops a queue when the last sender lets go of it.
#[derive(Debug)]
struct StopOnDrop(InprocQueue);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}
