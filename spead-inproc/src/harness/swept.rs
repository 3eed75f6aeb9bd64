//! A test of the attribute in many orders: what must be the same in all of them, and what is compared in the end.

use std::{
    any::Any,
    cell::RefCell,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use insta::allow_duplicates;

use super::{
    Demand, Harness, HarnessBuilder, Report,
    running::{Place, Snapshot, harness},
    sweep::{Orders, Run, Search, here, now, quietly, text},
};

/// One test, run again and again.
pub(super) struct Swept<R> {
    place: Place,
    demand: Demand,
    failed: fn(&R) -> bool,
    /// Whether what arrives must be the same each time.
    compares: bool,
    /// What came of the first run, and its text.
    first: RefCell<Option<(Report, String)>>,
    /// What the body returned last, when it failed and when it did not.
    returned: RefCell<[Option<R>; 2]>,
    /// What became of what was not used, in the last run that failed.
    post_mortem: RefCell<String>,
}

impl<R> Swept<R> {
    pub(super) fn new(place: Place, demand: Demand, failed: fn(&R) -> bool, compares: bool) -> Self {
        // A snapshot that differs panics, and a test that should panic would pass by it.
        let compares = compares && !place.site.panics();
        let returned = RefCell::new([None, None]);
        Self { place, demand, failed, compares, first: RefCell::default(), returned, post_mortem: RefCell::default() }
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
    ) -> Result<u64, String> {
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
            Err(panic) => failure = failure.or_else(|| Some(text(&*panic))),
            Ok(report) => {
                let post_mortem = report.explain();
                failure = failure.or_else(|| self.compares.then(|| self.differs(&report)).flatten());
                if failure.is_some() {
                    self.post_mortem.replace(post_mortem);
                }
            }
        }
        if let Ok(out) = outcome {
            let failed = (self.failed)(&out);
            self.returned.borrow_mut()[usize::from(failed)] = Some(out);
        }
        Run { failure, link }
    }

    /// How what arrived differs from what arrived in the first run.
    fn differs(&self, report: &Report) -> Option<String> {
        let report = report.by_sender();
        let text = format!("the same in every order; heaps by sender and cnt\n{report}");
        let mut first = self.first.borrow_mut();
        let Some((_, expected)) = &*first else {
            *first = Some((report, text));
            return None;
        };
        let end = "nothing more";
        let mut lines = expected.lines().map(Some).chain([None]).zip(text.lines().map(Some).chain([None]));
        let (before, now) = lines.find(|(before, now)| before != now)?;
        Some(format!(
            "what arrived is not what arrived in the first run\n  first run: {}\n  this run:  {}",
            before.unwrap_or(end).trim(),
            now.unwrap_or(end).trim()
        ))
    }

    #[track_caller]
    fn end(self, found: Result<u64, String>, compare: Option<fn(&Snapshot)>) -> R {
        let [passed, failed] = self.returned.into_inner();
        let told = match (found, compare) {
            (Ok(_), compare) => {
                if let (Some(compare), Some((report, text))) = (compare, self.first.into_inner()) {
                    self.place.compare(&report, text, compare);
                }
                return passed.expect("the search ran the body at least once, and nothing failed");
            }
            (Err(told), _) => told,
        };
        let post_mortem = self.post_mortem.into_inner();
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
        let home = Home::new("it", "t", "/snapshots");
        let place = Place { home, site: home.site(), name: None, settings: Settings::new(), own_settings: false };
        let swept = Swept::new(place, Demand::NONE, passed::<()>, true);
        assert_eq!(swept.differs(&report), None);
        let (report, text) = swept.first.into_inner().unwrap();
        let firsts: Vec<String> = report.receivers[0].values().iter().map(|array| array.text_at(0)).collect();
        let lines: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("first ")).collect();
        assert_eq!(firsts, ["0.5", "7.5"]);
        assert!(lines[0].starts_with("0.5 ") && lines[1].starts_with("7.5 "), "{text}");
    }
}
