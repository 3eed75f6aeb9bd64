//! One test in many orders: all that seeds give, or all there are.
//!
//! Knows how orders are tried, how a failure is shrunk and how it is told. Must not know what a test does. Invariant: what
//! failed, and is printed, is an order and a plan that anybody can paste.

mod list;
mod progress;
mod quiet;
mod search;

use std::{
    panic::{self, AssertUnwindSafe},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

pub(super) use quiet::{quietly, text};
pub(super) use search::{Orders, Run, Search, Stopped, here};

use super::{Harness, HarnessBuilder};

/// Runs a test in many orders, each in a fresh harness: for every seed, or in all orders there are.
///
/// The first failure ends the sweep. It is shrunk to the few packets whose order matters (and the few faults, if there is a
/// plan), and printed as a plan to paste, with the command that repeats it. The keys `seeds` and `exhaustive` of
/// [`spead_test`](crate::spead_test) do the same for a test.
///
/// Somebody at a terminal sees how far a sweep is that takes longer than two seconds; with `SPEAD_INPROC_PROGRESS` in the
/// environment a log does too.
///
/// ```
/// use spead_inproc::{Flavour, Harness, Heap, harness::Sweep};
///
/// let runs = Sweep::new(Harness::builder().senders(2)).exhaustive(10).run(|harness| {
///     for sender in [0, 0, 1, 1] {
///         let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x4101, sender as u64).build().unwrap();
///         harness.sender(sender).send_heap(&heap).unwrap();
///     }
///     assert_eq!(harness.receiver().collect().unwrap().len(), 4);
/// });
/// assert_eq!(runs, 6);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a sweep does nothing until `run` is called"]
pub struct Sweep {
    builder: HarnessBuilder,
    orders: Orders,
}

impl Sweep {
    /// A sweep over harnesses like this one; seeds 0 to 63 unless something else is said. It sets their order itself.
    pub fn new(builder: HarnessBuilder) -> Self {
        Self { builder, orders: Orders::seeds(0..64) }
    }

    /// One run for each seed, in [`Order::random`](super::Order::random); the seeds of a plan's chances change with it.
    /// `SPEAD_INPROC_SEED` in the environment picks one.
    pub fn seeds(self, seeds: impl IntoIterator<Item = u64>) -> Self {
        Self { orders: Orders::seeds(seeds), ..self }
    }

    /// One run for each interleaving of the senders' packets; more than `most` of them are a failure.
    ///
    /// *n* senders of *k* packets each have (*nk*)! / (*k*!)ⁿ interleavings: 6 for two by two, 1,680 for three by three, and
    /// 63,063,000 for four by four. `SPEAD_INPROC_CHOICES` in the environment picks one, as a failure prints it.
    pub fn exhaustive(self, most: u64) -> Self {
        Self { orders: Orders::Exhaustive { most }, ..self }
    }

    /// Runs the test once for each order, and finishes each harness. How many runs there were.
    ///
    /// # Panics
    /// If a run does; if there are no seeds, or more than 2²⁰; if there are more orders than the bound allows.
    #[track_caller]
    pub fn run(self, body: impl Fn(&mut Harness)) -> u64 {
        let search =
            Search { builder: &self.builder, orders: &self.orders, test: &here(), compares: false, attribute: false };
        let found = now(search.run(async |builder| {
            let mut harness = match Harness::new(builder) {
                Ok(harness) => harness,
                Err(error) => panic!("the sweep cannot build its harness: {error}"),
            };
            let link = harness.linked().map(Arc::clone);
            let run = AssertUnwindSafe(|| {
                body(&mut harness);
                drop(harness.finish());
            });
            let failure = quietly(|| panic::catch_unwind(run)).err().map(|payload| text(&*payload));
            Run { failure, link }
        }));
        match found {
            Ok(runs) => runs,
            Err(Stopped::Refused(told) | Stopped::Failed(told)) => panic!("{told}"),
        }
    }
}

/// The result of what never waits.
pub(super) fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("the body of a test without `async` does not wait"),
    }
}
