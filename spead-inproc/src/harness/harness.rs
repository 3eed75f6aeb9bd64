use std::{any::Any, sync::Arc};

use super::{
    Act, Claims, Done, FaultGuard, Groups, HarnessBuilder, HarnessError, Presence, Report, Select,
    fault::Rule,
    group::{Endpoints, Subscriber},
    link::{Exit, Link},
    report,
    shown::Attached,
    tolerance::Tolerances,
};
use crate::{
    inproc::InprocQueue,
    send::CntSequence,
    stream::{Entry, RecvStream, SendStream, Watch},
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
    /// Between senders and queue, if the test wants an order or faults.
    link: Option<Arc<Link>>,
    groups: Option<Groups>,
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
        let grouped = !config.groups.is_empty();
        config.check()?;
        let queue = InprocQueue::new();
        let tolerances = Arc::new(config.tolerances.clone());
        let attached = Attached { tolerances: Arc::clone(&tolerances), case: config.case.clone() };
        let watch = Arc::new(Watch::new(config.threads, config.timeout, Arc::new(attached)));
        let link = config.is_linked().then(|| {
            let senders = usize::try_from(config.own_senders()).unwrap_or(usize::MAX);
            let faults = config.faults.clone().unwrap_or_default();
            Link::new(queue.clone(), senders, &config.order, faults, config.descriptors.clone())
        });
        if let Some(link) = &link {
            watch.ask(Arc::downgrade(link));
        }
        let all = config.groups.iter().map(|text| Endpoints::parse(text)).collect::<Result<Vec<_>, _>>()?;
        let groups = grouped.then(|| Groups::new(all, config, Arc::clone(&watch), link.as_ref())).transpose()?;
        let senders = senders(config, &queue, &watch, link.as_ref())?;
        let receiving = config.receiving();
        let receiver = |_| {
            let rx = RecvStream::new(receiving)?;
            let added = match &link {
                None => rx.add_inproc_reader(&queue),
                Some(link) => rx.add_reader(link.source(queue.clone())),
            };
            added.expect("a new stream has not been started");
            Ok::<_, HarnessError>(rx.watched(Arc::clone(&watch)))
        };
        let receivers = (0..config.own_receivers()).map(receiver).collect::<Result<_, _>>()?;
        Ok(Self {
            queue,
            senders,
            receivers,
            flavour: config.flavour,
            watch,
            tolerances,
            link,
            groups,
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
    ///
    /// # Panics
    /// If the harness has none: one that was built with groups alone.
    #[must_use]
    #[track_caller]
    pub fn receiver(&self) -> &RecvStream {
        let none = "the harness has no receiver of its own: use `groups().receiver(..)`, or set `receivers`";
        self.receivers.first().expect(none)
    }

    /// All receivers.
    #[must_use]
    pub fn receivers(&self) -> &[RecvStream] {
        &self.receivers
    }

    /// The queue between them.
    ///
    /// With an order other than as sent, packets come into it when one of the harness's own receivers asks for them; a
    /// stream of the test's own would wait for them in vain.
    #[must_use]
    pub const fn queue(&self) -> &InprocQueue {
        &self.queue
    }

    /// The flavour that was chosen for the test's heaps.
    #[must_use]
    pub const fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// The multicast groups.
    ///
    /// # Panics
    /// If the harness was built without.
    #[must_use]
    pub fn groups(&self) -> &Groups {
        match &self.groups {
            Some(groups) => groups,
            None => panic!("there are no groups: build the harness with `.groups(\"239.102.1.0+15:7148\")`"),
        }
    }

    /// Adds a rule to the fault plan, after those that hold now, until the guard is dropped.
    ///
    /// ```
    /// use spead_inproc::{Flavour, Harness, Heap, harness::{Act, Faults, Select}};
    ///
    /// let harness = Harness::builder().faults(Faults::new()).build()?;
    /// let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 5).build()?;
    /// let silence = harness.fault("silence", Select::all(), Act::Drop);
    /// harness.sender(0).send_heap(&heap)?;
    /// drop(silence);
    /// harness.sender(0).send_heap(&heap)?;
    /// assert_eq!(harness.receiver().collect()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// If the harness was built without a fault plan.
    pub fn fault(&self, name: impl Into<Arc<str>>, select: Select, act: Act) -> FaultGuard {
        let link = self.link("fault", "`.faults(Faults::new())`");
        let id = link.add_rule(Rule { name: name.into(), select, act });
        FaultGuard { link: Arc::downgrade(link), id }
    }

    /// Lets the packets of a sender wait until [`release`](Self::release); others pass.
    ///
    /// # Panics
    /// If there is no such sender, or the harness was built without an order or faults.
    pub fn hold(&self, sender: usize) {
        self.link("hold", "`.faults(Faults::new())`").hold(sender, true);
    }

    /// Lets the packets of a sender go that were held: after those that others sent meanwhile.
    ///
    /// # Panics
    /// If there is no such sender, or the harness was built without an order or faults.
    pub fn release(&self, sender: usize) {
        self.link("release", "`.faults(Faults::new())`").hold(sender, false);
    }

    /// Which of the heaps that were sent so far must arrive after the fault plan, by the values of two of their items.
    ///
    /// The plan knows what it drops and breaks; it does not know that a receiver refuses packets which come out of order.
    ///
    /// # Panics
    /// If the harness was built without an order or faults.
    #[must_use]
    pub fn expected(&self, row_item: u64, column_item: u64) -> Presence {
        self.link("expected", "`.faults(..)`").presence(row_item, column_item)
    }

    /// What the fault plan did so far.
    #[must_use]
    pub fn faults_done(&self) -> Vec<Done> {
        self.link.as_ref().map(|link| link.done()).unwrap_or_default()
    }

    /// What went into the queue so far, in order, whoever read it: a look that takes nothing away. The last 65,536 entries.
    ///
    /// ```
    /// use spead_inproc::{Flavour, Harness, Heap, assert_packets_snapshot, harness::Order};
    ///
    /// let harness = Harness::builder().senders(2).order(Order::script([(1, 0), (0, 0)])).build()?;
    /// for sender in 0..2 {
    ///     let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x4101, sender as u64).build()?;
    ///     harness.sender(sender).send_heap(&heap)?;
    /// }
    /// harness.receiver().collect()?;
    /// assert_packets_snapshot!(harness.tap_queue(), @r"
    /// sender 1: heap 0x2 0..1 of 1, 57 bytes, 0x4101 I 1, 0x0000 A 0
    /// sender 0: heap 0x1 0..1 of 1, 57 bytes, 0x4101 I 0, 0x0000 A 0
    /// ");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// If the harness was built without taps, an order or faults.
    #[must_use]
    pub fn tap_queue(&self) -> Vec<Entry> {
        self.link("tap_queue", "`.taps()`").tap(|_, exit| exit == Exit::Queue)
    }

    /// What left the lane of a sender so far: after the plan, in order. What it put there is
    /// [`SendStream::sent`]. The last 65,536 entries of all senders.
    ///
    /// # Panics
    /// If there is no such sender, or the harness was built without taps, an order or faults.
    #[must_use]
    pub fn tap_lane(&self, sender: usize) -> Vec<Entry> {
        let link = self.link("tap_lane", "`.taps()`");
        let senders = link.senders();
        assert!(sender < senders, "no sender {sender}: the harness has {senders}, counted from 0");
        link.tap(|of, _| of == sender)
    }

    /// The way that was asked for.
    fn link(&self, what: &str, cure: &str) -> &Arc<Link> {
        match &self.link {
            Some(link) => link,
            None => panic!("`{what}` needs packets that go through lanes: build the harness with {cure}"),
        }
    }

    /// The way between senders and queue, if there is one.
    pub(super) const fn linked(&self) -> Option<&Arc<Link>> {
        self.link.as_ref()
    }

    /// Stops the queue, and the groups: what was sent can still be read, then receivers see the end.
    pub fn stop(&self) {
        self.queue.stop();
        if let Some(groups) = &self.groups {
            groups.stop();
        }
    }

    /// Stops, reads what was not read, and accounts for every packet.
    ///
    /// # Panics
    /// If an address of the groups was not used; or if a packet is unaccounted for, which is a bug of this crate.
    #[must_use]
    #[track_caller]
    pub fn finish(mut self) -> Report {
        let report = self.report();
        self.check_groups();
        report
    }

    /// # Panics
    /// If an address of the groups was not used.
    #[track_caller]
    pub(super) fn check_groups(&self) {
        let complaints = self.groups.as_ref().map(Groups::complaints).unwrap_or_default();
        assert!(complaints.is_empty(), "{}", complaints.trim_end());
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
            link: self.link.clone(),
            groups: self.groups.clone(),
            claims: Claims::default(),
            open: false,
        }
    }

    /// Stops, reads what was not read, and accounts for every packet.
    pub(super) fn report(&mut self) -> Report {
        self.open = false;
        self.senders.clear();
        if !std::thread::panicking() {
            self.watch.await_pools();
        }
        self.stop();
        let subscribers = self.groups.as_ref().map(Groups::subscribers).unwrap_or_default();
        for Subscriber { queue, stream, .. } in &subscribers {
            while let Ok(Some(_)) = stream.try_next_event() {}
            report::check(queue, std::iter::once(stream));
        }
        let own = (&self.queue, &self.receivers[..]);
        Report::new(own, &subscribers, &self.watch, &self.tolerances, self.link.as_deref())
    }
}

/// A harness that nobody finished checks its books all the same, but reads nothing: its streams may live on.
impl Drop for Harness {
    fn drop(&mut self) {
        if self.open && !std::thread::panicking() {
            report::check(&self.queue, self.receivers.iter());
        }
    }
}

/// The sending streams; with the last of them the queue stops. Without senders nothing stops it but the test.
fn senders(
    config: &HarnessBuilder,
    queue: &InprocQueue,
    watch: &Arc<Watch>,
    link: Option<&Arc<Link>>,
) -> Result<Vec<Option<SendStream>>, HarnessError> {
    let count = config.own_senders();
    if count == 0 {
        return Ok(Vec::new());
    }
    let lease: Arc<dyn Any + Send + Sync> = Arc::new(StopOnDrop(queue.clone()));
    let sender = |index| {
        let tx = match link {
            None => SendStream::new(queue, config.send)?,
            Some(link) => {
                let place = usize::try_from(index).unwrap_or(usize::MAX);
                SendStream::over([link.sink(place, Exit::Queue)], config.send, queue.next_origin())?
            }
        };
        tx.set_cnts(CntSequence::interleaved(index, count));
        let tx = tx.watched(Arc::clone(watch), Arc::clone(&lease));
        Ok(Some(match &config.io {
            None => tx,
            Some(io) => tx.with_io(io.clone()),
        }))
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
