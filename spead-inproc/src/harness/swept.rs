//! A test of the attribute in many orders: what must be the same in all of them, and what is compared in the end.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use insta::allow_duplicates;

use super::{
    Demand, Harness, HarnessBuilder, Report,
    refusal::Refusal,
    running::{Place, Snapshot, harness},
    settings::filtered,
    sweep::{Orders, Run, Search, Stopped, here, now, quietly, text},
};

/// One test, run again and again.
pub(super) struct Swept<R> {
    place: Place,
    demand: Demand,
    failed: fn(&R) -> bool,
    /// Whether what arrives must be the same each time.
    compares: bool,
    /// Behind a lock for futures that change threads, not for several runs at once.
    runs: Mutex<Runs<R>>,
}

/// What is remembered of runs.
struct Runs<R> {
    /// What came of the first, and its text.
    first: Option<(Report, String)>,
    /// What the body returned last, when it failed and when it did not.
    returned: [Option<R>; 2],
    /// What became of what was not used, in the last run that failed.
    post_mortem: String,
}

impl<R: 'static> Swept<R> {
    pub(super) fn new(place: Place, demand: Demand, failed: fn(&R) -> bool, compares: bool) -> Self {
        // A snapshot that differs panics, and a test that should panic would pass by it.
        let compares = compares && !place.site.panics();
        let runs = Runs { first: None, returned: [None, None], post_mortem: String::new() };
        Self { place, demand, failed, compares, runs: Mutex::new(runs) }
    }

    fn runs(&self) -> MutexGuard<'_, Runs<R>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[track_caller]
    pub(super) fn run(
        self,
        builder: &HarnessBuilder,
        orders: Option<Orders>,
        body: impl Fn(&mut Harness) -> R,
        compare: Option<fn(&Snapshot)>,
    ) -> R {
        let found = now(self.search(builder, orders, async |builder: &HarnessBuilder| {
            let mut harness = harness(builder, self.demand);
            let run = || self.place.for_body().bind(|| allow_duplicates! { body(&mut harness) });
            let outcome = quietly(|| catch_unwind(AssertUnwindSafe(run)));
            self.over(harness, outcome)
        }));
        self.end(found, compare)
    }

    pub(super) async fn run_async<F: Future<Output = R>>(
        self,
        builder: &HarnessBuilder,
        orders: Option<Orders>,
        body: impl Fn(&mut Harness) -> F,
        compare: Option<fn(&Snapshot)>,
    ) -> R {
        let attempt = async |builder: &HarnessBuilder| {
            let mut harness = harness(builder, self.demand);
            let settings = self.place.for_body();
            let run = || settings.bind(|| body(&mut harness));
            let outcome = match quietly(|| catch_unwind(AssertUnwindSafe(run))) {
                Err(panic) => Err(panic),
                Ok(future) => {
                    let mut future = pin!(settings.bind_async(future));
                    poll_fn(|context| {
                        let poll = || allow_duplicates! { future.as_mut().poll(context) };
                        match quietly(|| catch_unwind(AssertUnwindSafe(poll))) {
                            Err(panic) => Poll::Ready(Err(panic)),
                            Ok(poll) => poll.map(Ok),
                        }
                    })
                    .await
                }
            };
            self.over(harness, outcome)
        };
        let found = self.search(builder, orders, attempt).await;
        self.end(found, compare)
    }

    async fn search(
        &self,
        builder: &HarnessBuilder,
        orders: Option<Orders>,
        attempt: impl AsyncFn(&HarnessBuilder) -> Run,
    ) -> Result<u64, Stopped> {
        let orders = orders.unwrap_or_else(|| Orders::Seeds(vec![0]));
        let test = self.place.home.test(&self.place.site);
        let test = if test.is_empty() { here() } else { test };
        Search { builder, orders: &orders, test: &test, compares: self.compares, attribute: true }.run(attempt).await
    }

    /// What came of one run.
    fn over(&self, mut harness: Harness, outcome: Result<R, Box<dyn Any + Send>>) -> Run {
        let link = harness.linked().map(Arc::clone);
        let mut failure = match &outcome {
            Err(panic) => Some(text(&**panic)),
            Ok(out) => (self.failed)(out).then(|| "the body returned a failure".to_owned()),
        };
        let report = || {
            let report = harness.report();
            if failure.is_none() && !self.place.site.panics() {
                harness.check_groups();
            }
            report
        };
        match quietly(|| catch_unwind(AssertUnwindSafe(report))) {
            // Only the body's own panic passes a test that should panic.
            Err(panic) if self.place.site.panics() => eprintln!("after the body: {}", text(&*panic)),
            Err(panic) => failure = failure.or_else(|| Some(text(&*panic))),
            Ok(report) => {
                let post_mortem = report.explain();
                failure = failure.or_else(|| self.compares.then(|| self.differs(&report)).flatten());
                if failure.is_some() {
                    self.runs().post_mortem = post_mortem;
                }
            }
        }
        if let Ok(out) = outcome {
            let failed = (self.failed)(&out);
            self.runs().returned[usize::from(failed)] = Some(out);
        }
        Run { failure, link }
    }

    /// How what arrived differs from what arrived in the first run.
    fn differs(&self, report: &Report) -> Option<String> {
        let report = report.by_sender();
        let text = format!("the same in every order; heaps by sender and cnt\n{report}");
        let mut runs = self.runs();
        let Some((_, expected)) = &runs.first else {
            runs.first = Some((report, text));
            return None;
        };
        if *expected == text {
            return None;
        }
        let (expected, text) = (filtered(&self.place.settings, expected), filtered(&self.place.settings, &text));
        let comparison = self.place.comparison(&report);
        let (before, now) = comparison.beyond(&expected, &text)?;
        let end = "nothing more";
        Some(format!(
            "what arrived is not what arrived in the first run\n  first run: {}\n  this run:  {}",
            before.unwrap_or(end).trim(),
            now.unwrap_or(end).trim()
        ))
    }

    #[track_caller]
    fn end(self, found: Result<u64, Stopped>, compare: Option<fn(&Snapshot)>) -> R {
        let Runs { first, returned: [passed, failed], post_mortem } =
            self.runs.into_inner().unwrap_or_else(PoisonError::into_inner);
        let told = match found {
            Ok(_) => {
                if let (Some(compare), Some((report, text))) = (compare, first) {
                    self.place.compare(&report, text, compare);
                }
                return passed.expect("the search ran the body at least once, and nothing failed");
            }
            Err(Stopped::Refused(message)) => return Refusal { message, panics: self.place.site.panics() }.end(),
            Err(Stopped::Failed(told)) => told,
        };
        if !post_mortem.is_empty() {
            eprintln!("in the shortest run that fails:\n{post_mortem}");
        }
        match failed {
            Some(failed) => {
                eprintln!("{told}");
                failed
            }
            None => panic!("{told}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::Settings;

    use super::*;
    use crate::{
        descriptor::{Descriptor, ItemGroup, Value},
        harness::{Order, outcome::passed, site::Home},
        wire::Flavour,
    };

    fn place() -> Place {
        let home = Home::new("it", "t", "/snapshots");
        Place { home, site: home.site(), name: None, settings: Settings::new() }
    }

    /// The text has the heaps by sender, so the arrays that are compared with its lines must be in that order too.
    #[test]
    fn text_and_arrays_have_one_order() {
        let harness = Harness::builder().senders(2).order(Order::script([(1, 0), (0, 0)])).build().unwrap();
        for (sender, first) in [(0, 0.5), (1, 7.5)] {
            let mut group = ItemGroup::new(Flavour::SPEAD_64_48);
            let beam = Descriptor::new(0x5000, "bf_raw", "beam").dtype("<f8").shape([20]);
            group.add(beam, Value::from(vec![first; 20])).unwrap();
            harness.sender(sender).send_heap(&group.heap().unwrap()).unwrap();
        }
        let report = harness.finish();
        let swept = Swept::new(place(), Demand::NONE, passed::<()>, true);
        assert_eq!(swept.differs(&report), None);
        let (report, text) = swept.runs().first.take().unwrap();
        let firsts: Vec<String> = report.receivers[0].values().iter().map(|item| item.value.text_at(0)).collect();
        let lines: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("first ")).collect();
        assert_eq!(firsts, ["0.5", "7.5"]);
        assert!(lines[0].starts_with("0.5 ") && lines[1].starts_with("7.5 "), "{text}");
    }
}
