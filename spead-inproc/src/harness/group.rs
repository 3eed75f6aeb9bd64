use std::{
    collections::HashMap,
    fmt,
    net::{Ipv4Addr, SocketAddrV4},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use super::{
    FromHarness, Harness, HarnessBuilder, HarnessError,
    inject::Demand,
    link::{Exit, Link},
};
use crate::{
    heap::Origin,
    inproc::InprocQueue,
    recv::{Count, RecvConfig},
    send::CntSequence,
    stream::{Entry, Io, PacketSink, RecvStream, Refused, SendConfig, SendStream, Watch},
};

/// Multicast groups in memory: whoever subscribes to an address gets every packet that is sent to it, also what was sent
/// before.
///
/// Addresses are written as the field writes them: `239.102.1.0+15:7148` is sixteen addresses, `239.102.1.0` to
/// `239.102.1.15`. An address that nobody sends to, or nobody reads, fails the test by name.
///
/// Groups do not end when their senders are dropped, since another may still come: [`stop`](Self::stop) them, or the
/// harness. Until then a receiver that has read all that came waits, and is starved.
///
/// ```
/// use spead_inproc::{Flavour, Harness, Heap};
///
/// let harness = Harness::builder().groups("239.102.1.0+1:7148").build()?;
/// let groups = harness.groups();
/// let (even, odd) = (groups.sender("239.102.1.0:7148")?, groups.sender("239.102.1.1:7148")?);
/// let (both, half) = (groups.receiver("239.102.1.0+1:7148")?, groups.receiver("239.102.1.1:7148")?);
/// let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 5).build()?;
/// even.send_heap(&heap)?;
/// odd.send_heap(&heap)?;
/// assert_eq!((both.collect()?.len(), half.collect()?.len()), (2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Groups {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    all: Vec<Endpoints>,
    send: SendConfig,
    recv: RecvConfig,
    io: Option<Io>,
    watch: Arc<Watch>,
    /// Between senders and groups, if the test wants an order or faults.
    link: Option<Arc<Link>>,
    state: Mutex<State>,
}

/// The groups, as what lies before them sees them.
#[derive(Debug, Clone)]
pub(super) struct GroupsBehind(Weak<Shared>);

impl GroupsBehind {
    /// Gives an entry to all who subscribed to this address.
    pub(super) fn deliver(&self, endpoint: SocketAddrV4, entry: Entry) {
        if let Some(shared) = self.0.upgrade() {
            Groups { shared }.lock().deliver(endpoint, entry);
        }
    }

    pub(super) fn stop(&self) {
        if let Some(shared) = self.0.upgrade() {
            Groups { shared }.stop();
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.0.upgrade().is_none_or(|shared| Groups { shared }.lock().stopped)
    }

    /// Lets waiting readers look again.
    pub(super) fn wake_readers(&self) {
        if let Some(shared) = self.0.upgrade() {
            Groups { shared }.lock().subscribers.iter().for_each(|subscriber| subscriber.queue.wake_readers());
        }
    }
}

impl State {
    fn deliver(&mut self, endpoint: SocketAddrV4, entry: Entry) {
        for subscriber in self.subscribers.iter().filter(|each| each.endpoints.has(endpoint)) {
            subscriber.queue.admit(entry.clone());
        }
        self.sent.push((endpoint, entry));
    }
}

#[derive(Debug, Default)]
struct State {
    senders: u32,
    /// What was sent where, in order.
    sent: Vec<(SocketAddrV4, Entry)>,
    subscribers: Vec<Subscriber>,
    stopped: bool,
}

/// A receiver, and where its packets come from.
#[derive(Debug, Clone)]
pub(super) struct Subscriber {
    pub(super) endpoints: Endpoints,
    pub(super) queue: InprocQueue,
    pub(super) stream: RecvStream,
}

/// One address, or several that follow each other, with their port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoints {
    addresses: Range<u64>,
    port: u16,
}

/// Addresses of one text: each of them is looked at when the account is made.
const MOST: u32 = 1 << 16;

/// Windows of a receiver of groups, and senders that never meet in one.
const SUBSTREAMS: u32 = 64;

impl Groups {
    /// Senders are counted from those on that the harness has itself.
    pub(super) fn new(
        all: Vec<Endpoints>,
        config: &HarnessBuilder,
        watch: Arc<Watch>,
        link: Option<&Arc<Link>>,
    ) -> Result<Self, HarnessError> {
        let (send, io) = (config.send, config.io.clone());
        let recv = RecvConfig { substreams: config.substreams.unwrap_or(SUBSTREAMS as usize), ..config.recv };
        // Nobody may have used them yet.
        SendStream::new(&InprocQueue::new(), send)?;
        RecvStream::new(recv)?;
        let state = Mutex::new(State { senders: config.own_senders(), ..State::default() });
        let shared = Arc::new(Shared { all, send, recv, io, watch, link: link.map(Arc::clone), state });
        if let Some(link) = link {
            link.join(GroupsBehind(Arc::downgrade(&shared)));
        }
        Ok(Self { shared })
    }

    /// A stream that sends to an address; with a range of them, it has a substream for each.
    ///
    /// # Errors
    /// [`EndpointError`] if the text is no address, or none of the groups.
    pub fn sender(&self, endpoints: &str) -> Result<SendStream, EndpointError> {
        let endpoints = self.find(endpoints)?;
        let index = {
            let mut state = self.lock();
            state.senders += 1;
            state.senders - 1
        };
        let link = self.shared.link.as_ref().map(|link| (link, link.add_lane(u64::from(SUBSTREAMS))));
        let sinks = endpoints.iter().map(|endpoint| match link {
            None => Arc::new(GroupSink { groups: self.clone(), endpoint }) as Arc<dyn PacketSink>,
            Some((link, lane)) => link.sink(lane, Exit::Group(endpoint)),
        });
        let tx = SendStream::over(sinks, self.shared.send, Origin::sender(index)).expect("settings that were checked");
        tx.set_cnts(CntSequence::interleaved(index % SUBSTREAMS, SUBSTREAMS));
        let tx = tx.watched(Arc::clone(&self.shared.watch), Arc::new(()));
        Ok(match &self.shared.io {
            None => tx,
            Some(io) => tx.with_io(io.clone()),
        })
    }

    /// A stream that gets every packet that is or was sent to these addresses, in the order in which they were sent.
    ///
    /// # Errors
    /// [`EndpointError`] if the text is no address, or none of the groups.
    pub fn receiver(&self, endpoints: &str) -> Result<RecvStream, EndpointError> {
        let endpoints = self.find(endpoints)?;
        let queue = InprocQueue::new();
        let rx = RecvStream::new(self.shared.recv).expect("settings that were checked");
        let added = match &self.shared.link {
            None => rx.add_inproc_reader(&queue),
            Some(link) => rx.add_reader(link.source(queue.clone())),
        };
        added.expect("a new stream has not been started");
        let rx = rx.watched(Arc::clone(&self.shared.watch));
        let mut state = self.lock();
        let before = state.sent.iter().filter(|(endpoint, _)| endpoints.has(*endpoint));
        before.for_each(|(_, entry)| queue.admit(entry.clone()));
        if state.stopped {
            queue.stop();
        }
        state.subscribers.push(Subscriber { endpoints, queue, stream: rx.clone() });
        Ok(rx)
    }

    /// What came to these addresses so far, in order, after an order or faults if there are any: a look that takes nothing away, and does not count as a reader.
    ///
    /// # Errors
    /// [`EndpointError`] if the text is no address, or none of the groups.
    pub fn tap(&self, endpoints: &str) -> Result<Vec<Entry>, EndpointError> {
        let endpoints = self.find(endpoints)?;
        let state = self.lock();
        Ok(state.sent.iter().filter(|(endpoint, _)| endpoints.has(*endpoint)).map(|(_, entry)| entry.clone()).collect())
    }

    /// Lets nothing more in; receivers still read what was sent, then they see the end.
    pub fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.subscribers.iter().for_each(|subscriber| subscriber.queue.stop());
    }

    /// The receivers so far.
    pub(super) fn subscribers(&self) -> Vec<Subscriber> {
        self.lock().subscribers.clone()
    }

    /// What is wrong with the use of the groups, a line each; nothing if every address was sent to and read.
    #[must_use]
    pub fn complaints(&self) -> String {
        let state = self.lock();
        let mut text = String::new();
        let (mut unread, mut unsent) = (Vec::new(), Vec::new());
        let mut sent: HashMap<SocketAddrV4, usize> = HashMap::new();
        state.sent.iter().for_each(|(to, entry)| *sent.entry(*to).or_default() += entry.len());
        for endpoint in self.shared.all.iter().flat_map(Endpoints::iter) {
            let packets = sent.get(&endpoint).copied().unwrap_or_default();
            let readers = state.subscribers.iter().filter(|each| each.endpoints.has(endpoint)).count();
            match (packets, readers) {
                (0, 0) => text += &format!("{endpoint} is unused: nobody sent to it, and nobody subscribed\n"),
                (0, readers) => {
                    unsent.push(endpoint);
                    let readers = Count(readers as u64, "receiver");
                    text += &format!("{endpoint} is unused: {readers} subscribed, but nobody sent to it\n");
                }
                (packets, 0) => {
                    unread.push(endpoint);
                    let packets = Count(packets as u64, "packet");
                    text += &format!("{endpoint} is unused: {packets} came, but nobody subscribed\n");
                }
                _ => {}
            }
        }
        if let (Some(unread), Some(unsent)) = (unread.first(), unsent.first()) {
            text += &format!("are they mixed up? what went to {unread} may have been meant for {unsent}\n");
        }
        text
    }

    fn find(&self, text: &str) -> Result<Endpoints, EndpointError> {
        let endpoints = Endpoints::parse(text)?;
        match endpoints.iter().find(|endpoint| !self.shared.all.iter().any(|all| all.has(*endpoint))) {
            None => Ok(endpoints),
            Some(endpoint) => {
                let known: Vec<String> = self.shared.all.iter().map(Endpoints::to_string).collect();
                Err(EndpointError::Unknown { endpoint, known: known.join(", ") })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to one address.
#[derive(Debug)]
struct GroupSink {
    groups: Groups,
    endpoint: SocketAddrV4,
}

impl PacketSink for GroupSink {
    fn put(&self, entry: Entry) -> Result<(), Refused> {
        let mut state = self.groups.lock();
        if state.stopped {
            return Err(Refused::stopped(entry));
        }
        state.deliver(self.endpoint, entry);
        Ok(())
    }

    fn stop(&self) {
        self.groups.stop();
    }
}

/// The groups of the harness.
impl FromHarness for Groups {
    const DEMAND: Demand = Demand::NONE;

    fn from_harness(harness: &mut Harness) -> Self {
        harness.groups().clone()
    }
}

impl Endpoints {
    /// `239.102.1.0:7148` or `239.102.1.0+15:7148`.
    pub(super) fn parse(text: &str) -> Result<Self, EndpointError> {
        let wrong = || EndpointError::Malformed { text: text.to_owned() };
        let (addresses, port) = text.trim().split_once(':').ok_or_else(wrong)?;
        let (first, more) = match addresses.split_once('+') {
            Some((first, more)) => (first, more.parse::<u32>().map_err(|_| wrong())?),
            None => (addresses, 0),
        };
        if more >= MOST {
            return Err(EndpointError::TooMany { text: text.to_owned(), addresses: u64::from(more) + 1, most: MOST });
        }
        let first = u64::from(u32::from(first.parse::<Ipv4Addr>().map_err(|_| wrong())?));
        let addresses = first..first + u64::from(more) + 1;
        if addresses.end > 1 << 32 {
            return Err(wrong());
        }
        Ok(Self { addresses, port: port.parse().map_err(|_| wrong())? })
    }

    fn iter(&self) -> impl Iterator<Item = SocketAddrV4> + use<> {
        let port = self.port;
        let address = |number| Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX));
        self.addresses.clone().map(move |number| SocketAddrV4::new(address(number), port))
    }

    fn has(&self, endpoint: SocketAddrV4) -> bool {
        self.port == endpoint.port() && self.addresses.contains(&u64::from(u32::from(*endpoint.ip())))
    }
}

impl fmt::Display for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = Ipv4Addr::from(u32::try_from(self.addresses.start).unwrap_or(u32::MAX));
        match self.addresses.end - self.addresses.start {
            1 => write!(f, "{first}:{}", self.port),
            several => write!(f, "{first}+{}:{}", several - 1, self.port),
        }
    }
}

/// Why a text names no group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// It is not written as the field writes addresses.
    #[error("\"{text}\" is no address: write `239.102.1.0:7148`, or `239.102.1.0+15:7148` for sixteen of them")]
    Malformed {
        /// What was written.
        text: String,
    },
    /// It names more addresses than any telescope has antennas.
    #[error(
        "\"{text}\" is {addresses} addresses, and at most {most} may be named at once: is the number after `+` right?"
    )]
    TooMany {
        /// What was written.
        text: String,
        /// How many that are.
        addresses: u64,
        /// How many there may be.
        most: u32,
    },
    /// The harness has no such group.
    #[error("{endpoint} is none of this harness's groups, which are {known}: add it to `groups`, or correct it")]
    Unknown {
        /// The first that it does not have.
        endpoint: SocketAddrV4,
        /// Those that it has.
        known: String,
    },
}
