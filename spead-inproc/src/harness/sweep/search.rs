//! The search: one order after the other, and from the first that fails to the little of it that matters.

use std::{env, str::FromStr, sync::Arc, thread, time::Instant};

use super::{list::shrink, progress::Progress, quiet};
use crate::{
    harness::{Act, Done, Faults, HarnessBuilder, Order, Step, fault::Rule, link::Link},
    recv::Count,
};

/// Which orders are tried.
#[derive(Debug, Clone)]
pub(in crate::harness) enum Orders {
    Seeds(Vec<u64>),
    Exhaustive { most: u64 },
}

/// Seeds of one sweep: each of them is in memory.
const MOST_SEEDS: usize = 1 << 20;

impl Orders {
    /// One random order for each seed; of seeds without end one more than there may be.
    pub(in crate::harness) fn seeds(seeds: impl IntoIterator<Item = u64>) -> Self {
        Self::Seeds(seeds.into_iter().take(MOST_SEEDS + 1).collect())
    }
}

/// Why a sweep did not come to its end.
#[derive(Debug)]
pub(in crate::harness) enum Stopped {
    /// What was asked for cannot be tried.
    Refused(String),
    /// A run failed: all that is to say about it.
    Failed(String),
}

/// The variables of the environment that pick one run of a sweep.
const SEED: &str = "SPEAD_INPROC_SEED";
const CHOICES: &str = "SPEAD_INPROC_CHOICES";

/// A test, and the orders in which it is tried.
pub(in crate::harness) struct Search<'s> {
    pub(in crate::harness) builder: &'s HarnessBuilder,
    pub(in crate::harness) orders: &'s Orders,
    /// What libtest calls the test; nothing if nobody knows.
    pub(in crate::harness) test: &'s str,
    /// Whether runs are compared with the first, which then always is there.
    pub(in crate::harness) compares: bool,
    /// Whether the test stands under the attribute, whose keys it then has.
    pub(in crate::harness) attribute: bool,
}

/// What came of one run.
pub(in crate::harness) struct Run {
    pub(in crate::harness) failure: Option<String>,
    pub(in crate::harness) link: Option<Arc<Link>>,
}

/// A run that failed.
struct Failed {
    message: String,
    link: Option<Arc<Link>>,
    /// The plan it failed under, if there was one.
    faults: Option<Faults>,
}

impl Search<'_> {
    /// Runs the test once for each order, up to the first that fails. How many runs there were.
    pub(in crate::harness) async fn run(&self, test: impl AsyncFn(&HarnessBuilder) -> Run) -> Result<u64, Stopped> {
        let (mut progress, since) = (Progress::new(), Instant::now());
        match self.orders {
            Orders::Seeds(all) => {
                let seeds = self.picked(all, variable(SEED)?);
                if seeds.is_empty() {
                    let told = "the sweep has no seeds, so it would test nothing: `seeds = 0..64`, say";
                    return Err(Stopped::Refused(told.to_owned()));
                }
                if seeds.len() > MOST_SEEDS {
                    let told =
                        format!("more than {MOST_SEEDS} seeds: give the range an end, or sweep in several tests");
                    return Err(Stopped::Refused(told));
                }
                for (at, seed) in seeds.iter().enumerate() {
                    progress.tell(self.test, at as u64, Some(seeds.len() as u64), since);
                    let faults = self.builder.faults.clone().map(|plan| plan.reseeded(*seed));
                    let run = self.one(&Order::random(*seed), faults.clone(), &test).await;
                    if let Some(message) = run.failure {
                        let failed = Failed { message, link: run.link, faults };
                        let repeat = format!("{SEED}={seed}");
                        return Err(self.told(&format!("seed {seed}"), &repeat, failed, &test).await);
                    }
                }
                Ok(seeds.len() as u64)
            }
            Orders::Exhaustive { most } => {
                let only: Option<Choices> = variable(CHOICES)?;
                let (mut path, mut runs) = (Some(Vec::new()), 0);
                if let (Some(Choices(only)), false) = (&only, self.compares) {
                    path = Some(only.clone());
                }
                while let Some(choices) = path {
                    if runs >= *most {
                        return Err(Stopped::Refused(format!(
                            "more than {most} interleavings: send fewer packets, raise the bound, or sweep over seeds"
                        )));
                    }
                    progress.tell(self.test, runs, None, since);
                    let run = self.one(&Order::choices(choices.clone()), self.builder.faults.clone(), &test).await;
                    runs += 1;
                    let made = run.link.as_deref().map(Link::choices).unwrap_or_default();
                    if let Some(message) = run.failure {
                        let faults = self.builder.faults.clone();
                        let repeat = format!("{CHOICES}={}", Choices(made.iter().map(|(choice, _)| *choice).collect()));
                        let failed = Failed { message, link: run.link, faults };
                        return Err(self.told(&format!("interleaving {runs}"), &repeat, failed, &test).await);
                    }
                    path = match &only {
                        None => next(made),
                        Some(Choices(only)) => (self.compares && runs == 1).then(|| only.clone()),
                    };
                }
                Ok(runs)
            }
        }
    }

    /// The seeds that are tried if somebody asks for one of them.
    fn picked(&self, all: &[u64], only: Option<u64>) -> Vec<u64> {
        let Some(only) = only else { return all.to_vec() };
        let first = all.first().copied().filter(|first| self.compares && *first != only);
        first.into_iter().chain([only]).collect()
    }

    /// One run in this order, under this plan.
    async fn one(&self, order: &Order, faults: Option<Faults>, test: &impl AsyncFn(&HarnessBuilder) -> Run) -> Run {
        let mut builder = self.builder.clone().order(order.clone());
        // With a plan, if only an empty one, packets go through lanes.
        builder.faults = Some(faults.unwrap_or_default());
        test(&builder).await
    }

    /// A plan as it can be put into the test.
    fn pasted(&self, plan: &[(&str, String)]) -> String {
        if plan.is_empty() {
            return "\n".to_owned();
        }
        if !self.attribute {
            let calls = plan.iter().map(|(name, value)| format!("\n    .{name}({value})"));
            // After an order that does not matter there is nothing to announce.
            let colon = if plan[0].0 == "order" { ":" } else { "" };
            return format!("{colon}{}\n", calls.collect::<String>());
        }
        let replaced = match self.orders {
            Orders::Seeds(_) => "seeds",
            Orders::Exhaustive { .. } => "exhaustive",
        };
        let faults = if plan.iter().any(|(name, _)| *name == "faults") { " and `faults`" } else { "" };
        let keys: Vec<String> = plan.iter().map(|(name, value)| format!("\n    {name} = {value}")).collect();
        format!("; in place of `{replaced}`{faults}:{}\n", keys.join(","))
    }

    /// Shrinks a failure; what is to say about it.
    async fn told(
        &self,
        which: &str,
        repeat: &str,
        failed: Failed,
        test: &impl AsyncFn(&HarnessBuilder) -> Run,
    ) -> Stopped {
        let Failed { message, link, faults } = failed;
        if let Some(backtrace) = quiet::backtrace() {
            eprintln!("stack backtrace of {which}:\n{backtrace}");
        }
        let (steps, done) = link.as_deref().map(|link| (link.passed(), link.done())).unwrap_or_default();
        let rules = faults.clone().map(|faults| rules(faults, &done));
        let planned = rules.is_some();
        let again = async |lanes: &[usize], rules: &[Rule]| {
            let order = Order::script(lanes.iter().map(|lane| Step::next(*lane)));
            let faults = planned.then(|| Faults::of(rules.to_vec()));
            let run = self.one(&order, faults, test).await;
            run.failure.filter(|again| kind(again) == kind(&message)).map(|_| run.link)
        };
        let lanes: Vec<usize> = steps.iter().map(|step| step.sender).collect();
        let mut rules = rules.unwrap_or_default();
        let mut told = format!("{which} fails: {}\n", message.trim_end());

        if let Some(found) = again(&lanes, &rules).await {
            let lanes = shrink(lanes, async |lanes: &[usize]| again(lanes, &rules).await.is_some()).await;
            rules = shrink(rules.clone(), async |rules: &[Rule]| again(&lanes, rules).await.is_some()).await;
            let found = again(&lanes, &rules).await.unwrap_or(found);
            let passed = found.map(|link| link.passed()).unwrap_or_default();
            let few: Vec<Step> = passed.into_iter().take(lanes.len()).collect();
            let mut plan = Vec::new();
            if few.is_empty() {
                told += "shrunk: the order does not matter";
            } else {
                let packets = Count(few.len() as u64, "packet");
                told +=
                    &format!("shrunk to the order of {packets} of {}; the others come as they were sent", steps.len());
                plan.push(("order", Order::script(few).to_string()));
            }
            if planned {
                plan.push(("faults", Faults::of(rules).to_string().replace('\n', "\n    ")));
            }
            told += &self.pasted(&plan);
        } else {
            told += "it does not fail again in the same order: does the test depend on more than that?\n";
        }
        told += &format!("again: {repeat} {}", command(self.test, env::var_os("NEXTEST").is_some()));
        Stopped::Failed(told)
    }
}

/// Rules that do what was done, packet by packet, so that each can be left out by itself; or the plan's own rules, if some
/// let packets change places: one of a pair does not say what the other does.
fn rules(faults: Faults, done: &[Done]) -> Vec<Rule> {
    if done.iter().any(|done| matches!(done.act, Act::Swap(_))) {
        return faults.into_rules();
    }
    done.iter().map(Done::exactly).collect()
}

/// What two failures of one cause have in common: the first line of their message, up to the first number.
fn kind(message: &str) -> &str {
    let line = message.lines().next().unwrap_or_default();
    line.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default()
}

/// The choices after these, in order; nothing after the last.
fn next(mut choices: Vec<(usize, usize)>) -> Option<Vec<usize>> {
    while let Some((choice, options)) = choices.pop() {
        if choice + 1 < options {
            return Some(choices.into_iter().map(|(choice, _)| choice).chain([choice + 1]).collect());
        }
    }
    None
}

/// Choices as they are written: `2,0,1`.
#[derive(Debug, PartialEq, Eq)]
struct Choices(Vec<usize>);

impl FromStr for Choices {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').filter(|part| !part.is_empty()).map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl std::fmt::Display for Choices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<String> = self.0.iter().map(usize::to_string).collect();
        f.write_str(&parts.join(","))
    }
}

/// What the environment says.
fn variable<T: FromStr<Err: std::fmt::Display>>(name: &str) -> Result<Option<T>, Stopped> {
    let Ok(text) = env::var(name) else { return Ok(None) };
    let wrong = |error| Stopped::Refused(format!("{name}={text} picks no run: {error}"));
    text.parse().map(Some).map_err(wrong)
}

/// What libtest calls the test on this thread; nothing if it says nothing, as with a single thread.
pub(in crate::harness) fn here() -> String {
    thread::current().name().filter(|name| *name != "main").unwrap_or_default().to_owned()
}

/// What runs one test.
fn command(test: &str, nextest: bool) -> String {
    match (test.is_empty(), nextest) {
        (true, false) => "cargo test".to_owned(),
        (true, true) => "cargo nextest run".to_owned(),
        (false, false) => format!("cargo test -- --exact {test}"),
        (false, true) => format!("cargo nextest run -E 'test(={test})'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_choices_come_in_turn() {
        assert_eq!(next(vec![(0, 2), (1, 2)]), Some(vec![1]));
        assert_eq!(next(vec![(0, 2), (0, 3)]), Some(vec![0, 1]));
        assert_eq!(next(vec![(1, 2), (2, 3)]), None);
    }

    #[test]
    fn one_seed_is_compared_with_the_first() {
        let (builder, orders) = (HarnessBuilder::default(), Orders::Exhaustive { most: 1 });
        let search = |compares| Search { builder: &builder, orders: &orders, test: "", compares, attribute: false };
        let picked = |compares, only| search(compares).picked(&[0, 1, 2], only);
        assert_eq!((picked(true, None), picked(false, None)), (vec![0, 1, 2], vec![0, 1, 2]));
        assert_eq!((picked(true, Some(7)), picked(false, Some(7))), (vec![0, 7], vec![7]));
        assert_eq!(picked(true, Some(0)), [0]);
    }

    #[test]
    fn a_plan_is_written_as_the_test_takes_it() {
        let (builder, orders) = (HarnessBuilder::default(), Orders::Seeds(vec![0]));
        let search = |attribute| Search { builder: &builder, orders: &orders, test: "", compares: false, attribute };
        let order = ("order", Order::script([(1, 0)]).to_string());
        let faults = ("faults", Faults::new().to_string());
        let both = [order.clone(), faults.clone()];
        assert_eq!(search(false).pasted(&both), ":\n    .order(Order::script([(1, 0)]))\n    .faults(Faults::new())\n");
        assert_eq!(search(true).pasted(&[order]), "; in place of `seeds`:\n    order = Order::script([(1, 0)])\n");
        assert_eq!(
            search(true).pasted(&both),
            "; in place of `seeds` and `faults`:\n    order = Order::script([(1, 0)]),\n    faults = Faults::new()\n"
        );
        assert_eq!(
            (search(true).pasted(&[]).as_str(), search(false).pasted(&[faults])),
            ("\n", "\n    .faults(Faults::new())\n".to_owned())
        );
    }

    #[test]
    fn choices_are_read_as_they_are_written() {
        for choices in [vec![], vec![2], vec![2, 0, 11]] {
            assert_eq!(Choices(choices.clone()).to_string().parse(), Ok(Choices(choices)));
        }
        assert!("1,x".parse::<Choices>().is_err());
    }

    #[test]
    fn numbers_do_not_make_another_failure() {
        assert_eq!(kind("heap 5 is late\nmore"), kind("heap 6 is late\nother"));
        assert_ne!(kind("heap 5 is late"), kind("no heap 5"));
    }

    #[test]
    fn the_command_is_the_runners_own() {
        assert_eq!(command("a::b", false), "cargo test -- --exact a::b");
        assert_eq!(command("a::b", true), "cargo nextest run -E 'test(=a::b)'");
        assert_eq!((command("", false), command("", true)), ("cargo test".into(), "cargo nextest run".into()));
    }
}
