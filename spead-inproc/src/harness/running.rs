//! A test on its way, and what is compared when it is over.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Mutex, PoisonError},
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
        let mut settings = settings::for_heaps(&self.settings, &self.home.snapshots());
        let suffix = settings.snapshot_suffix().map(|suffix| format!("@{suffix}")).unwrap_or_default();
        let full = if settings.prepend_module_to_snapshot() { self.home.full(&name) } else { name.clone() };
        let file = settings.snapshot_path().join(format!("{full}{suffix}.snap"));
        claim(file, Claim { home: self.home, test: self.home.test(&self.site), given: self.name.clone() });
        self.comparison(report).bind_to(&mut settings);
        settings.bind(|| compare(&Snapshot { name, text }));
    }

    /// How the text of a report is compared.
    pub(super) fn comparison(&self, report: &Report) -> Comparison {
        Comparison::new(self.artifact(), report.receivers.iter().flat_map(ReceiverReport::values).collect())
    }

    pub(super) fn post_mortem(&self, report: &Report) -> String {
        report::post_mortem(report, &self.artifact())
    }

    /// What files for people are called that this test leaves.
    fn artifact(&self) -> String {
        self.home.full(&self.home.path(&self.site))
    }
}

/// A harness for a test, whose settings have been checked.
#[track_caller]
pub(super) fn harness(builder: &HarnessBuilder, demand: Demand) -> Harness {
    let mut harness = Harness::new(builder).expect("settings that were checked");
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
        // Whatever panics here, a snapshot that differs or a wrong account, would pass a test whose body should have.
        if self.place.site.panics() {
            return;
        }
        self.over = true;
        let report = self.harness.report();
        if !failed {
            self.harness.check_groups();
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
            let end = match (thread::panicking(), self.place.site.panics()) {
                (true, _) => "panicked before the snapshot",
                (false, true) => "did not panic",
                (false, false) => "was cut short before the snapshot",
            };
            eprintln!("the body {end}; heaps so far:\n{report}");
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

/// Who has a snapshot file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    /// What all its cases share.
    home: Home,
    /// What libtest calls the test.
    test: String,
    given: Option<String>,
}

/// Two tests that share a file would take turns with it. Seen if they run in one process, as `cargo test` runs them.
#[track_caller]
fn claim(file: PathBuf, claim: Claim) {
    static CLAIMED: Mutex<BTreeMap<PathBuf, Claim>> = Mutex::new(BTreeMap::new());
    let first =
        CLAIMED.lock().unwrap_or_else(PoisonError::into_inner).entry(file).or_insert_with(|| claim.clone()).clone();
    assert!(first == claim, "{}", first.meets(&claim));
}

impl Claim {
    fn meets(&self, other: &Self) -> String {
        match (&self.given, &other.given) {
            (Some(name), Some(again)) if name == again && self.home == other.home => {
                format!("two cases of this test have the snapshot name {name:?}: `name` must tell them apart")
            }
            (Some(name), Some(again)) if self.home == other.home => format!(
                "two cases of this test have the snapshot names {name:?} and {again:?}, which are one file name: `name` must \
                 tell them apart by other characters"
            ),
            _ => format!(
                "the tests {} and {} have one snapshot file, by their names: rename one of them",
                self.test, other.test
            ),
        }
    }
}
