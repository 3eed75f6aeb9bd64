use std::{
    any::Any,
    cell::Cell,
    io::IsTerminal,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Once},
    thread,
    time::{Duration, Instant},
};

use super::{Done, Faults, Harness, HarnessBuilder, Order, Step, fault::Rule, link::Link};
use crate::recv::Count;

/// Runs a test in many orders, each in a fresh harness: for every seed, or in all orders there are.
///
/// The first failure ends the sweep. It is shrunk to the few packets whose order matters (and the few faults, if there is a
/// plan), and printed as a plan to paste, with the command that repeats it.
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

#[derive(Debug, Clone)]
enum Orders {
    Seeds(Vec<u64>),
    Exhaustive { most: u64 },
}

/// The variable of the environment that picks one run of a sweep.
const REPEAT: &str = "SPEAD_INPROC_SEED";

impl Sweep {
    /// A sweep over harnesses like this one; seeds 0 to 63 unless something else is said.
    pub fn new(builder: HarnessBuilder) -> Self {
        Self { builder, orders: Orders::Seeds((0..64).collect()) }
    }

    /// One run for each seed, in [`Order::random`]; the seeds of a plan's chances change with it. `SPEAD_INPROC_SEED` in the environment picks one.
    pub fn seeds(self, seeds: impl IntoIterator<Item = u64>) -> Self {
        Self { orders: Orders::Seeds(seeds.into_iter().collect()), ..self }
    }

    /// One run for each interleaving of the senders' packets; more than `most` of them are a failure.
    ///
    /// *n* senders of *k* packets each have (*nk*)! / (*k*!)ⁿ interleavings: 6 for two by two, 1,680 for three by three, and
    /// 63,063,000 for four by four.
    pub fn exhaustive(self, most: u64) -> Self {
        Self { orders: Orders::Exhaustive { most }, ..self }
    }

    /// Runs the test once for each order, and finishes each harness. How many runs there were.
    ///
    /// # Panics
    /// If a run does; or if there are more orders than the bound allows.
    #[track_caller]
    pub fn run(self, body: impl Fn(&mut Harness)) -> u64 {
        let mut progress = Progress::new();
        match &self.orders {
            Orders::Seeds(seeds) => {
                let only = std::env::var(REPEAT).ok().and_then(|seed| seed.parse().ok());
                let seeds: Vec<u64> = only.map_or_else(|| seeds.clone(), |seed| vec![seed]);
                for (at, seed) in seeds.iter().enumerate() {
                    progress.tell(at as u64, Some(seeds.len() as u64));
                    if let Some(failure) = self
                        .attempt(
                            &Order::random(*seed),
                            self.builder.faults.clone().map(|plan| plan.reseeded(*seed)),
                            &body,
                        )
                        .failure
                    {
                        self.fail(&format!("seed {seed}"), Some(*seed), failure, &body);
                    }
                }
                seeds.len() as u64
            }
            Orders::Exhaustive { most } => {
                let (mut path, mut runs) = (Vec::new(), 0);
                loop {
                    assert!(
                        runs < *most,
                        "more than {most} interleavings: send fewer packets, raise the bound, or sweep over seeds"
                    );
                    progress.tell(runs, None);
                    let attempt = self.attempt(&Order::choices(path), None, &body);
                    runs += 1;
                    if let Some(failure) = attempt.failure {
                        self.fail(&format!("interleaving {runs}"), None, failure, &body);
                    }
                    match next(attempt.choices) {
                        Some(more) => path = more,
                        None => return runs,
                    }
                }
            }
        }
    }

    /// One run.
    fn attempt(&self, order: &Order, faults: Option<Faults>, body: &impl Fn(&mut Harness)) -> Attempt {
        let mut builder = self.builder.clone().order(order.clone());
        if faults.is_some() {
            builder.faults = faults;
        } else if builder.faults.is_none() {
            builder.faults = Some(Faults::new());
        }
        let mut harness = match builder.build() {
            Ok(harness) => harness,
            Err(error) => panic!("the sweep cannot build its harness: {error}"),
        };
        let link = harness.linked().map(Arc::clone);
        let run = AssertUnwindSafe(|| {
            body(&mut harness);
            drop(harness.finish());
        });
        let outcome = quietly(|| panic::catch_unwind(run));
        let link = link.as_deref();
        let failure = outcome.err().map(|payload| Failure {
            message: text(&*payload),
            steps: link.map(Link::passed).unwrap_or_default(),
            done: link.map(Link::done).unwrap_or_default(),
        });
        Attempt { failure, choices: link.map(Link::choices).unwrap_or_default() }
    }

    /// Shrinks a failure and reports it.
    #[track_caller]
    fn fail(&self, which: &str, seed: Option<u64>, failure: Failure, body: &impl Fn(&mut Harness)) -> ! {
        let Failure { message, steps, done } = failure;
        let planned = self.builder.faults.is_some() && done.iter().all(|done| !done.act.reorders());
        let mut rules: Vec<Rule> = if planned { done.iter().map(Done::exactly).collect() } else { Vec::new() };
        let again = |lanes: &[usize], rules: &[Rule]| {
            let order = Order::script(lanes.iter().map(|lane| Step::next(*lane)));
            let faults = planned.then(|| Faults::of(rules.to_vec()));
            self.attempt(&order, faults, body).failure.filter(|failure| failure.kind() == kind(&message))
        };
        let lanes: Vec<usize> = steps.iter().map(|step| step.sender).collect();
        let mut told = format!("{which} fails: {message}\n");

        if let Some(found) = again(&lanes, &rules) {
            let lanes = shrink(lanes, |lanes| again(lanes, &rules).is_some());
            rules = shrink(rules, |rules| again(&lanes, rules).is_some());
            let found = again(&lanes, &rules).unwrap_or(found);
            let few: Vec<Step> = found.steps.into_iter().take(lanes.len()).collect();
            let plan = Order::script(few.iter().copied());
            if few.is_empty() {
                told += "shrunk: the order does not matter\n";
            } else {
                let packets = Count(few.len() as u64, "packet");
                told += &format!(
                    "shrunk to the order of {packets} of {}; the others come as they were sent:\n    .order({plan})\n",
                    steps.len()
                );
            }
            if planned {
                let faults = Faults::of(rules).to_string().replace('\n', "\n    ");
                told += &format!("    .faults({faults})\n");
            }
        } else {
            told += "it does not fail again in the same order: does the test depend on more than that?\n";
        }
        let variable = seed.map(|seed| format!("{REPEAT}={seed} ")).unwrap_or_default();
        let here = thread::current();
        // With a single thread, libtest does not say which test it runs.
        let test =
            here.name().filter(|name| *name != "main").map(|name| format!(" -- --exact {name}")).unwrap_or_default();
        panic!("{told}again: {variable}cargo test{test}");
    }
}

/// What came of one run.
struct Attempt {
    failure: Option<Failure>,
    choices: Vec<(usize, usize)>,
}

struct Failure {
    message: String,
    steps: Vec<Step>,
    done: Vec<Done>,
}

impl Failure {
    fn kind(&self) -> &str {
        kind(&self.message)
    }
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

/// A part of the list that still fails, from which nothing more can be left out.
fn shrink<T: Clone>(mut list: Vec<T>, fails: impl Fn(&[T]) -> bool) -> Vec<T> {
    // The end first: all that follows the last packet that matters.
    let mut size = list.len();
    while size > 0 {
        let mut at = list.len();
        while at > 0 {
            let from = at.saturating_sub(size);
            let mut shorter = list.clone();
            shorter.drain(from..at);
            if fails(&shorter) {
                list = shorter;
            }
            at = from.min(list.len());
        }
        size = if size > list.len() && !list.is_empty() { list.len() } else { size / 2 };
    }
    // One that is left out may make another superfluous.
    loop {
        let shorter = (0..list.len()).rev().find_map(|at| {
            let mut shorter = list.clone();
            shorter.remove(at);
            fails(&shorter).then_some(shorter)
        });
        match shorter {
            Some(shorter) => list = shorter,
            None => return list,
        }
    }
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs without telling of panics on this thread: the sweep tells of them.
fn quietly<R>(run: impl FnOnce() -> R) -> R {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                others(info);
            }
        }));
    });
    let before = QUIET.replace(true);
    let result = run();
    QUIET.set(before);
    result
}

/// Tells people at a terminal how far a long sweep is.
struct Progress {
    last: Instant,
}

impl Progress {
    fn new() -> Self {
        Self { last: Instant::now() }
    }

    fn tell(&mut self, runs: u64, of: Option<u64>) {
        if self.last.elapsed() < Duration::from_secs(2) {
            return;
        }
        self.last = Instant::now();
        if std::io::stderr().is_terminal() || std::env::var_os("SPEAD_INPROC_PROGRESS").is_some() {
            eprintln!("sweep: {runs} runs{}", of.map(|of| format!(" of {of}")).unwrap_or_default());
        }
    }
}
