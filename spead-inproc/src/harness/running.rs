//! A test on its way, and what is compared when it is over.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use insta::Settings;

use super::{
    Demand, Harness, HarnessBuilder, ReceiverReport, Report,
    comparison::Comparison,
    report, settings,
    site::{Home, Site},
};

/// Where a test is, and how its snapshot is called and compared.
pub(super) struct Place {
    pub(super) home: Home,
    pub(super) site: Site,
    pub(super) name: Option<String>,
    pub(super) settings: Settings,
    /// Whether those are the test's own.
    pub(super) own_settings: bool,
}

impl Place {
    /// insta's settings while the body runs.
    pub(super) fn for_body(&self) -> Settings {
        settings::for_body(&self.settings, self.home.case(&self.site))
    }

    /// Lets insta compare what came of the test.
    #[track_caller]
    pub(super) fn compare(&self, report: &Report, text: String, compare: fn(&Snapshot)) {
        let name = self.home.snapshot(&self.site, self.name.as_deref());
        if let Some(given) = &self.name {
            claim(self.home.full(&name), given);
        }
        let mut settings = settings::for_heaps(&self.settings, self.home.snapshots());
        if let Some(comparison) = self.comparison(report) {
            settings.set_comparator(Box::new(comparison));
        }
        settings.bind(|| compare(&Snapshot { name, text }));
    }

    /// Ours, unless the user's settings may bring another and no tolerance asks for ours.
    fn comparison(&self, report: &Report) -> Option<Comparison> {
        let tolerances = report.receivers.first().map(|receiver| Arc::clone(&receiver.tolerances))?;
        let values = || report.receivers.iter().flat_map(ReceiverReport::values).collect();
        (!self.own_settings || !tolerances.is_empty()).then(|| Comparison::new(self.artifact(), values(), tolerances))
    }

    pub(super) fn post_mortem(&self, report: &Report) -> String {
        report::post_mortem(report, &self.artifact())
    }

    /// What files for people are called that this test leaves.
    fn artifact(&self) -> String {
        self.home.full(&self.home.path(&self.site)).replace("::", "__")
    }
}

/// A harness for a test.
#[track_caller]
pub(super) fn harness(builder: &HarnessBuilder, demand: Demand) -> Harness {
    let mut harness = match Harness::new(builder) {
        Ok(harness) => harness,
        Err(error) => panic!("`#[spead_test]` cannot build its harness: {error}"),
    };
    harness.expect(demand);
    harness
}

/// A test on its way. Dropped before it is over, it shows what has arrived so far.
pub(super) struct Running {
    pub(super) harness: Harness,
    place: Place,
    /// insta's settings while the body runs.
    pub(super) body: Settings,
    over: bool,
}

impl Running {
    #[track_caller]
    pub(super) fn new(place: Place, builder: &HarnessBuilder, demand: Demand) -> Self {
        let harness = harness(builder, demand);
        let body = place.for_body();
        Self { harness, place, body, over: false }
    }

    #[track_caller]
    pub(super) fn end(&mut self, failed: bool, compare: Option<fn(&Snapshot)>) {
        self.over = true;
        let report = self.harness.report();
        let panics = self.place.site.panics();
        if !failed && !panics {
            self.harness.check_groups();
        }
        // A snapshot that differs panics, and a test that should panic would pass by it.
        if panics {
            return;
        }
        if failed {
            let compared = if compare.is_some() { ", so its snapshot was not compared" } else { "" };
            eprintln!("the test has failed{compared}; heaps so far:\n{report}{}", self.place.post_mortem(&report));
            return;
        }
        let Some(compare) = compare else { return };
        self.place.compare(&report, report.to_string(), compare);
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
            format!("{report}{}", self.place.post_mortem(&report))
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
    /// The name of the file, without what insta adds.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it holds.
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
