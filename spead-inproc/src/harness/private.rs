//! What expansions of `#[spead_test]` name. Not for users, and not stable: both crates are released together.
//!
//! The order of a test: settings, harness, body, account, and only if nothing has failed so far, the snapshot. The first
//! failure is the one the user sees.

use std::{
    collections::BTreeSet,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use insta::Settings;

pub use super::{
    Demand, Faults, FromHarness, HarnessBuilder, Order,
    outcome::{Otherwise, Probe, passed},
    shown::Shown,
    site::{Home, Site},
};
use super::{Harness, ReceiverReport, Report, comparison::Comparison, report, settings};
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
}

impl Setup {
    pub fn new(home: Home, demand: Demand) -> Self {
        Self { home, site: home.site(), demand, builder: Harness::builder(), name: None, settings: None }
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

    fn change(&mut self, change: impl FnOnce(HarnessBuilder) -> HarnessBuilder) {
        self.builder = change(self.builder.clone());
    }

    #[track_caller]
    fn start(mut self) -> Running {
        let inferred = u32::try_from(self.demand.inferred_senders()).unwrap_or(u32::MAX);
        assert!(
            self.builder.senders.is_some() || !self.demand.takes_rest(),
            "a parameter of this test takes the rest of the senders: say how many there are, `senders = ..`"
        );
        let senders = *self.builder.senders.get_or_insert(inferred);
        self.demand.check_senders(usize::try_from(senders).unwrap_or(usize::MAX));
        // With groups, streams join those.
        let inferred = self.demand.inferred_receivers(!self.builder.groups.is_empty());
        let receivers = *self.builder.receivers.get_or_insert(inferred);
        self.demand.check_receivers(receivers);
        let mut harness = match self.builder.build() {
            Ok(harness) => harness,
            Err(error) => panic!("`#[spead_test]` cannot build its harness: {error}"),
        };
        harness.expect(self.demand);
        let own_settings = self.settings.is_some();
        let settings = self.settings.unwrap_or_else(Settings::clone_current);
        let body = settings::for_body(&settings, self.home.case(&self.site));
        Running {
            harness,
            home: self.home,
            site: self.site,
            name: self.name,
            settings,
            own_settings,
            body,
            over: false,
        }
    }
}

/// A test on its way. Dropped before it is over, it shows what has arrived so far.
struct Running {
    harness: Harness,
    home: Home,
    site: Site,
    name: Option<String>,
    settings: Settings,
    /// Whether those are the test's own.
    own_settings: bool,
    /// insta's settings while the body runs.
    body: Settings,
    over: bool,
}

impl Running {
    #[track_caller]
    fn end(&mut self, failed: bool, compare: Option<fn(&Snapshot)>) {
        self.over = true;
        let report = self.harness.report();
        if !failed && !self.site.panics() {
            self.harness.check_groups();
        }
        let Some(compare) = compare else { return };
        // A snapshot that differs panics, and a test that should panic would pass by it.
        if self.site.panics() {
            return;
        }
        if failed {
            eprintln!(
                "the test has failed, so its snapshot was not compared; heaps so far:\n{report}{}",
                self.post_mortem(&report)
            );
            return;
        }
        let snapshot = Snapshot::new(self, &report);
        let mut settings = settings::for_heaps(&self.settings, self.home.snapshots());
        if let Some(comparison) = self.comparison(&report) {
            settings.set_comparator(Box::new(comparison));
        }
        settings.bind(|| compare(&snapshot));
    }

    /// Ours, unless the user's settings may bring another and no tolerance asks for ours.
    fn comparison(&self, report: &Report) -> Option<Comparison> {
        let tolerances = report.receivers.first().map(|receiver| Arc::clone(&receiver.tolerances))?;
        let values = || report.receivers.iter().flat_map(ReceiverReport::values).collect();
        (!self.own_settings || !tolerances.is_empty()).then(|| Comparison::new(self.artifact(), values(), tolerances))
    }

    fn post_mortem(&self, report: &Report) -> String {
        report::post_mortem(report, &self.artifact())
    }

    /// What files for people are called that this test leaves.
    fn artifact(&self) -> String {
        self.home.full(&self.home.path(&self.site)).replace("::", "__")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        // The report may meet what made the body panic; a second panic now would end the process.
        let report = AssertUnwindSafe(|| {
            let report = self.harness.report();
            format!("{report}{}", self.post_mortem(&report))
        });
        if let Ok(report) = catch_unwind(report) {
            let end = if thread::panicking() { "panicked" } else { "was cut short" };
            eprintln!("the body {end} before the snapshot; heaps so far:\n{report}");
        }
    }
}

/// What insta compares, under which name.
#[derive(Debug)]
pub struct Snapshot {
    name: String,
    text: String,
}

impl Snapshot {
    #[track_caller]
    fn new(running: &Running, report: &Report) -> Self {
        let name = running.home.snapshot(&running.site, running.name.as_deref());
        if let Some(given) = &running.name {
            claim(running.home.full(&name), given);
        }
        Self { name, text: report.to_string() }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Two tests that share a name would take turns with one file.
#[track_caller]
fn claim(file: String, given: &str) {
    static CLAIMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let new = CLAIMED.lock().unwrap_or_else(PoisonError::into_inner).insert(file);
    assert!(new, "two cases of this test have the snapshot name {given:?}: `name` must tell them apart");
}

/// Runs a test.
#[track_caller]
pub fn run<R>(
    setup: Setup,
    body: impl FnOnce(&mut Harness) -> R,
    failed: fn(&R) -> bool,
    compare: Option<fn(&Snapshot)>,
) -> R {
    let mut running = setup.start();
    let out = running.body.bind(|| body(&mut running.harness));
    running.end(failed(&out), compare);
    out
}

/// Runs a test on the runtime that polls it.
pub async fn run_async<R, F: Future<Output = R>>(
    setup: Setup,
    body: impl FnOnce(&mut Harness) -> F,
    failed: fn(&R) -> bool,
    compare: Option<fn(&Snapshot)>,
) -> R {
    let mut running = setup.start();
    let future = running.body.bind(|| body(&mut running.harness));
    let out = running.body.bind_async(future).await;
    running.end(failed(&out), compare);
    out
}
