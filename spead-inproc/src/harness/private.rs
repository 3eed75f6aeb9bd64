//! What expansions of `#[spead_test]` name. Not for users, and not stable: both crates are released together.
//!
//! The order of a test: settings, harness, body, account, and only if nothing has failed so far, the snapshot. The first
//! failure is the one the user sees.

use std::{future::Future, time::Duration};

use insta::Settings;

pub use super::{
    Demand, Descriptors, Faults, FromHarness, Harness, HarnessBuilder, Order,
    outcome::{OfResult, Otherwise, Probe, passed},
    running::Snapshot,
    shown::Shown,
    site::{Home, Site},
};
use super::{
    refusal::Refusal,
    running::{Place, Running},
    sweep::Orders,
    swept::Swept,
};
pub use crate::{__home as home, wire::Flavour};
pub use {core, insta, spead_inproc_macros::__spead_case, std};

/// Where the macro expands; the folder for snapshots is that of the package there.
#[doc(hidden)]
#[macro_export]
macro_rules! __home {
    ($function:expr) => {
        $crate::__private::Home::new(
            $crate::__private::core::module_path!(),
            $function,
            $crate::__private::core::concat!($crate::__private::core::env!("CARGO_MANIFEST_DIR"), "/snapshots"),
        )
    };
    ($function:expr, $calls:expr) => {
        $crate::__home!($function).calling($calls)
    };
}

/// The text of a value for `name`.
pub fn text<T: AsRef<str> + ?Sized>(value: &T) -> String {
    value.as_ref().to_owned()
}

/// One test before it starts: a method for each key of the attribute.
#[expect(missing_debug_implementations, reason = "`insta::Settings` has none")]
#[must_use]
pub struct Setup {
    home: Home,
    site: Site,
    demand: Demand,
    builder: HarnessBuilder,
    name: Option<String>,
    settings: Option<Settings>,
    /// The orders in which the test is tried, if it is to be.
    orders: Option<Orders>,
}

impl Setup {
    pub fn new(home: Home, demand: Demand) -> Self {
        Self { home, site: home.site(), demand, builder: Harness::builder(), name: None, settings: None, orders: None }
    }

    pub const fn case(&mut self, site: Site) {
        self.site = site;
    }

    pub const fn should_panic(&mut self, should_panic: bool) {
        self.site = self.site.should_panic(should_panic);
    }

    pub fn config(&mut self, builder: HarnessBuilder) {
        self.builder = builder;
    }

    pub fn senders(&mut self, senders: usize) {
        self.change(|builder| builder.senders(senders));
    }

    pub fn receivers(&mut self, receivers: usize) {
        self.change(|builder| builder.receivers(receivers));
    }

    pub fn max_heaps(&mut self, max_heaps: usize) {
        self.change(|builder| builder.max_heaps(max_heaps));
    }

    pub fn substreams(&mut self, substreams: usize) {
        self.change(|builder| builder.substreams(substreams));
    }

    pub fn packet_size(&mut self, packet_size: usize) {
        self.change(|builder| builder.packet_size(packet_size));
    }

    pub fn flavour(&mut self, flavour: Flavour) {
        self.change(|builder| builder.flavour(flavour));
    }

    pub const fn out_of_order(&mut self, out_of_order: bool) {
        self.builder.recv.allow_out_of_order = out_of_order;
    }

    pub const fn threads(&mut self, threads: bool) {
        self.builder.threads = threads;
    }

    pub fn order(&mut self, order: Order) {
        self.change(|builder| builder.order(order));
    }

    pub fn faults(&mut self, faults: Faults) {
        self.change(|builder| builder.faults(faults));
    }

    pub fn descriptors(&mut self, descriptors: Descriptors) {
        self.change(|builder| builder.descriptors(descriptors));
    }

    pub fn groups(&mut self, groups: String) {
        self.change(|builder| builder.groups(groups));
    }

    pub fn timeout(&mut self, timeout: Duration) {
        self.change(|builder| builder.timeout(timeout));
    }

    pub fn name(&mut self, name: String) {
        self.name = Some(name);
    }

    pub fn settings(&mut self, settings: Settings) {
        self.settings = Some(settings);
    }

    pub fn seeds(&mut self, seeds: impl IntoIterator<Item = u64>) {
        self.orders = Some(Orders::seeds(seeds));
    }

    pub fn exhaustive(&mut self, most: usize) {
        self.orders = Some(Orders::Exhaustive { most: most as u64 });
    }

    fn change(&mut self, change: impl FnOnce(HarnessBuilder) -> HarnessBuilder) {
        self.builder = change(self.builder.clone());
    }

    /// Settles what the test has not said, and holds it against the parameters.
    fn settle(self) -> Result<Settled, Refusal> {
        let Self { home, site, demand, mut builder, name, settings, orders } = self;
        let refused = |message: String| {
            let message = format!("`#[spead_test]` cannot build its harness: {message}");
            Refusal { message, panics: site.panics() }
        };
        if name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(refused("`name` names a snapshot file: it cannot be empty".to_owned()));
        }
        // With groups, streams join those.
        let grouped = !builder.groups.is_empty();
        if builder.senders.is_none() && demand.takes_rest() {
            return Err(refused(
                "a parameter of this test takes the rest of the senders: say how many there are, `senders = ..`"
                    .to_owned(),
            ));
        }
        let senders = *builder.senders.get_or_insert_with(|| demand.inferred_senders(grouped));
        let receivers = *builder.receivers.get_or_insert_with(|| demand.inferred_receivers(grouped));
        let complaint = demand.senders_complaint(senders).or_else(|| demand.receivers_complaint(receivers));
        if let Some(complaint) = complaint {
            return Err(refused(complaint.text().to_owned()));
        }
        builder.check().map_err(|error| refused(error.to_string()))?;
        builder.case = home.case(&site);
        let settings = settings.unwrap_or_else(Settings::clone_current);
        Ok(Settled { place: Place { home, site, name, settings }, builder, demand, orders })
    }

    fn start(self) -> Result<Running, Refusal> {
        let Settled { place, builder, demand, .. } = self.settle()?;
        Ok(Running::new(place, &builder, demand))
    }
}

/// A test about to start.
struct Settled {
    place: Place,
    builder: HarnessBuilder,
    demand: Demand,
    orders: Option<Orders>,
}

/// Runs a test.
#[track_caller]
pub fn run<R: 'static>(
    setup: Setup,
    body: impl FnOnce(&mut Harness) -> R,
    failed: fn(&R) -> bool,
    compare: Option<fn(&Snapshot)>,
) -> R {
    let mut running = match setup.start() {
        Ok(running) => running,
        Err(refusal) => return refusal.end(),
    };
    let bound = running.body.bind_to_scope();
    let out = body(&mut running.harness);
    drop(bound);
    running.end(failed(&out), compare);
    out
}

/// Runs a test on the runtime that polls it.
pub async fn run_async<R: 'static, F: Future<Output = R>>(
    setup: Setup,
    body: impl FnOnce(&mut Harness) -> F,
    failed: fn(&R) -> bool,
    compare: Option<fn(&Snapshot)>,
) -> R {
    let mut running = match setup.start() {
        Ok(running) => running,
        Err(refusal) => return refusal.end(),
    };
    let future = running.body.bind(|| body(&mut running.harness));
    let out = running.body.bind_async(future).await;
    running.end(failed(&out), compare);
    out
}

/// Runs a test in many orders.
#[track_caller]
pub fn sweep<R: 'static>(
    setup: Setup,
    body: impl Fn(&mut Harness) -> R,
    failed: fn(&R) -> bool,
    compare: Option<fn(&Snapshot)>,
) -> R {
    match setup.settle() {
        Ok(Settled { place, builder, demand, orders }) => {
            Swept::new(place, demand, failed, compare.is_some()).run(&builder, orders, body, compare)
        }
        Err(refusal) => refusal.end(),
    }
}

/// Runs a test in many orders on the runtime that polls it.
pub async fn sweep_async<R: 'static, F: Future<Output = R>>(
    setup: Setup,
    body: impl Fn(&mut Harness) -> F,
    failed: fn(&R) -> bool,
    compare: Option<fn(&Snapshot)>,
) -> R {
    match setup.settle() {
        Ok(Settled { place, builder, demand, orders }) => {
            Swept::new(place, demand, failed, compare.is_some()).run_async(&builder, orders, body, compare).await
        }
        Err(refusal) => refusal.end(),
    }
}
