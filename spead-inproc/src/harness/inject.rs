//! Parameters of a test, filled by their types.

use super::Harness;
use crate::{
    inproc::InprocQueue,
    stream::{RecvStream, SendStream},
};

/// What a parameter of a `#[spead_test]` function can be.
///
/// Implement it for handles of your own; what they are made of, they take from the harness in the same way:
///
/// ```
/// use spead_inproc::{Demand, FromHarness, Harness, RecvStream, SendStream};
///
/// struct Loopback {
///     tx: SendStream,
///     rx: RecvStream,
/// }
///
/// impl FromHarness for Loopback {
///     const DEMAND: Demand = SendStream::DEMAND.and(RecvStream::DEMAND);
///
///     fn from_harness(harness: &mut Harness) -> Self {
///         Self { tx: SendStream::from_harness(harness), rx: RecvStream::from_harness(harness) }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something `#[spead_test]` can inject",
    label = "not a handle of the harness",
    note = "a parameter is a `SendStream`, `[SendStream; N]`, `Vec<SendStream>`, `RecvStream`, `[RecvStream; N]`, `InprocQueue`, `Harness`, `Groups`, or a type of yours that implements `FromHarness`",
    note = "for cases, values and fixtures put `#[rstest]` below `#[spead_test]`"
)]
pub trait FromHarness: Sized {
    /// What [`from_harness`](Self::from_harness) takes: the harness is built to have it.
    const DEMAND: Demand;

    /// Takes the value out of the harness of this test.
    fn from_harness(harness: &mut Harness) -> Self;
}

/// What parameters take from a harness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    senders: usize,
    receivers: usize,
    /// Takes all senders that are left, so that their number must be said.
    rest: bool,
    /// Gives access to all senders that are left.
    open: bool,
}

impl Demand {
    /// Nothing that others could miss.
    pub const NONE: Self = Self { senders: 0, receivers: 0, rest: false, open: false };

    /// All senders that the other parameters leave.
    pub const REST: Self = Self { rest: true, ..Self::NONE };

    /// So many senders.
    #[must_use]
    pub const fn senders(senders: usize) -> Self {
        Self { senders, ..Self::NONE }
    }

    /// So many receivers.
    #[must_use]
    pub const fn receivers(receivers: usize) -> Self {
        Self { receivers, ..Self::NONE }
    }

    /// Both together.
    ///
    /// # Panics
    /// If both take the rest of the senders.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        assert!(!(self.rest && other.rest), "two parameters take the rest of the senders: only one can");
        Self {
            senders: self.senders + other.senders,
            receivers: self.receivers + other.receivers,
            rest: self.rest || other.rest,
            open: self.open || other.open,
        }
    }

    /// What all parameters take.
    #[doc(hidden)]
    #[must_use]
    pub const fn total(demands: &[Self]) -> Self {
        let mut total = Self::NONE;
        let mut at = 0;
        while at < demands.len() {
            total = total.and(demands[at]);
            at += 1;
        }
        total
    }

    /// Compares with the number of senders while the test is compiled.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_senders(self, senders: usize) {
        if let Some(complaint) = self.senders_complaint(senders) {
            complaint.panic();
        }
    }

    /// Compares with the number of receivers while the test is compiled.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_receivers(self, receivers: usize) {
        if let Some(complaint) = self.receivers_complaint(receivers) {
            complaint.panic();
        }
    }

    pub(super) const fn senders_complaint(self, senders: usize) -> Option<Message> {
        if self.senders == senders || (self.senders < senders && (self.rest || self.open)) {
            return None;
        }
        let told = Message::new("`senders = ").number(senders).plus("`, but the parameters take ").number(self.senders);
        if self.senders > senders {
            return Some(told);
        }
        Some(told.plus(": take the others too (a `Vec<SendStream>` or a `Harness` takes the rest)"))
    }

    /// Receivers that nobody takes are read when the test is over.
    pub(super) const fn receivers_complaint(self, receivers: usize) -> Option<Message> {
        if self.receivers <= receivers {
            return None;
        }
        let told = Message::new("`receivers = ").number(receivers);
        Some(told.plus("`, but the parameters take ").number(self.receivers))
    }

    /// The number of senders that makes everybody content.
    pub(super) const fn inferred_senders(self, grouped: bool) -> usize {
        // Whoever can reach all senders wants at least one; with groups, senders join those.
        if self.senders == 0 && self.open && !grouped { 1 } else { self.senders }
    }

    pub(super) const fn takes_rest(self) -> bool {
        self.rest
    }

    pub(super) const fn inferred_receivers(self, grouped: bool) -> usize {
        if self.receivers == 0 && !grouped { 1 } else { self.receivers }
    }
}

/// What the parameters of a test have taken so far, and have still to take.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// Senders that later parameters need: whoever takes the rest leaves them.
    senders: usize,
    /// Whether a parameter takes the rest, of which a harness then has none.
    rest: bool,
    /// Receivers that were taken.
    receivers: usize,
}

impl Harness {
    pub(super) const fn expect(&mut self, demand: Demand) {
        *self.claims() = Claims { senders: demand.senders, rest: demand.rest, receivers: 0 };
    }

    fn take_sender(&mut self) -> SendStream {
        let claims = self.claims();
        claims.senders = claims.senders.saturating_sub(1);
        let taken = self.senders_mut().iter_mut().find_map(Option::take);
        taken.expect("a `FromHarness` takes more senders than its `DEMAND` says")
    }

    /// The first senders but for as many as later parameters need.
    fn take_rest(&mut self) -> Vec<SendStream> {
        let reserved = self.claims().senders;
        let left = self.senders_mut().iter().flatten().count();
        self.senders_mut().iter_mut().filter_map(Option::take).take(left.saturating_sub(reserved)).collect()
    }

    fn take_receiver(&mut self) -> RecvStream {
        let taken = self.claims().receivers;
        self.claims().receivers += 1;
        let receiver = self.receivers().get(taken).cloned();
        receiver.expect("a `FromHarness` takes more receivers than its `DEMAND` says")
    }

    /// All senders but for as many as other parameters need; the others keep their places.
    fn take_harness(&mut self) -> Self {
        let claims = self.claims();
        let mut reserved = if claims.rest { usize::MAX } else { claims.senders };
        let mut take = |sender: &mut Option<SendStream>| match (&sender, reserved) {
            (Some(_), 1..) => {
                reserved -= 1;
                None
            }
            _ => sender.take(),
        };
        let senders = self.senders_mut().iter_mut().map(&mut take).collect();
        self.with_senders(senders)
    }
}

/// A text with numbers, put together where `format!` cannot go: in constants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    bytes: [u8; 192],
    len: usize,
}

impl Message {
    const fn new(text: &str) -> Self {
        Self { bytes: [0; 192], len: 0 }.plus(text)
    }

    const fn plus(mut self, text: &str) -> Self {
        let mut at = 0;
        while at < text.len() {
            self.bytes[self.len] = text.as_bytes()[at];
            self.len += 1;
            at += 1;
        }
        self
    }

    #[expect(clippy::cast_possible_truncation, reason = "a decimal digit fits a byte")]
    const fn number(mut self, number: usize) -> Self {
        if number >= 10 {
            self = self.number(number / 10);
        }
        self.bytes[self.len] = b'0' + (number % 10) as u8;
        self.len += 1;
        self
    }

    pub(super) const fn text(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => unreachable!(),
        }
    }

    #[track_caller]
    const fn panic(&self) -> ! {
        panic!("{}", self.text())
    }
}

impl FromHarness for SendStream {
    const DEMAND: Demand = Demand::senders(1);

    fn from_harness(harness: &mut Harness) -> Self {
        harness.take_sender()
    }
}

impl<const N: usize> FromHarness for [SendStream; N] {
    const DEMAND: Demand = Demand::senders(N);

    fn from_harness(harness: &mut Harness) -> Self {
        std::array::from_fn(|_| harness.take_sender())
    }
}

/// All senders that the other parameters leave; `senders` says how many there are.
impl FromHarness for Vec<SendStream> {
    const DEMAND: Demand = Demand::REST;

    fn from_harness(harness: &mut Harness) -> Self {
        harness.take_rest()
    }
}

impl FromHarness for RecvStream {
    const DEMAND: Demand = Demand::receivers(1);

    fn from_harness(harness: &mut Harness) -> Self {
        harness.take_receiver()
    }
}

impl<const N: usize> FromHarness for [RecvStream; N] {
    const DEMAND: Demand = Demand::receivers(N);

    fn from_harness(harness: &mut Harness) -> Self {
        std::array::from_fn(|_| harness.take_receiver())
    }
}

impl FromHarness for InprocQueue {
    const DEMAND: Demand = Demand::NONE;

    fn from_harness(harness: &mut Harness) -> Self {
        harness.queue().clone()
    }
}

/// The harness itself, with every receiver and all senders that the other parameters leave: none beside a
/// `Vec<SendStream>`.
impl FromHarness for Harness {
    const DEMAND: Demand = Demand { open: true, ..Demand::NONE };

    fn from_harness(harness: &mut Harness) -> Self {
        harness.take_harness()
    }
}
