//! Packages of users, outside the workspace, under both runners.
//!
//! Each is run as it stands; no runner may write a snapshot, and those that insta looks at must be the files that are there.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

/// What a run said, and what it read.
pub(super) struct Run {
    success: bool,
    pub(super) output: String,
    /// Snapshot files, relative to the fixtures.
    snapshots: BTreeSet<PathBuf>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Runs cargo there. Snapshots are accepted if the run around this one accepts them.
fn cargo(args: &[&str]) -> Run {
    let accept = env::var("INSTA_UPDATE").is_ok_and(|update| update == "always");
    updating(if accept { "always" } else { "no" }, args)
}

/// Runs cargo in the fixtures' workspace, with the versions of dependencies that ours has locked.
fn updating(update: &str, args: &[&str]) -> Run {
    in_folder(&folder(), update, args)
}

/// Gives a workspace of fixtures the versions of dependencies that ours has locked.
///
/// Tests run at the same time, as threads or as processes: the file appears whole or not at all, and one thread at a time writes the copy.
fn lock_versions(folder: &Path) {
    static COPYING: Mutex<()> = Mutex::new(());
    let _copying = COPYING.lock().unwrap_or_else(PoisonError::into_inner);
    let lock = folder.join("Cargo.lock");
    if !lock.exists() {
        let copy = folder.join(format!("Cargo.lock.{}", std::process::id()));
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"), &copy).expect("the workspace is locked");
        fs::rename(&copy, &lock).expect("a file is renamed within its folder");
    }
}

/// Runs cargo in a folder.
pub(super) fn in_folder(folder: &Path, update: &str, args: &[&str]) -> Run {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    lock_versions(folder);
    let references = scratch.join(format!("{}-{}.references", std::process::id(), args.join("-").replace('/', "_")));
    let mut command = Command::new(env!("CARGO"));
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["CARGO_PKG", "CARGO_MANIFEST", "CARGO_BIN", "NEXTEST", "INSTA", "__CARGO"]
            .iter()
            .any(|of| name.starts_with(of))
        {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .args(args)
        .env("CARGO_TARGET_DIR", scratch.join("fixtures"))
        .env("CARGO_TERM_COLOR", "never")
        .env("INSTA_UPDATE", update)
        .env("INSTA_SNAPSHOT_REFERENCES_FILE", &references)
        .env("RUST_BACKTRACE", "0");
    let output = command.output().expect("cargo runs");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("\n");
    let read = fs::read_to_string(&references).unwrap_or_default();
    let snapshots = read.lines().filter_map(|path| relative(Path::new(path))).collect();
    fs::remove_file(references).ok();
    Run { success: output.status.success(), output: text, snapshots }
}

fn relative(path: &Path) -> Option<PathBuf> {
    path.strip_prefix(folder()).ok().map(Path::to_owned)
}

impl Run {
    #[track_caller]
    pub(super) fn passes(self) -> Self {
        assert!(self.success, "{}", self.output);
        self
    }

    /// `name: ok`, sorted, whichever runner it was.
    fn tests(&self) -> BTreeSet<String> {
        self.output.lines().filter_map(|line| libtest(line).or_else(|| nextest(line))).collect()
    }
}

/// `test above::alone ... ok`
fn libtest(line: &str) -> Option<String> {
    let (name, status) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let name = name.trim_end_matches(" - should panic");
    ["ok", "ignored", "FAILED"].iter().find(|known| status.starts_with(**known)).map(|known| format!("{name}: {known}"))
}

/// `PASS [   0.054s] (1/9) package::target above::alone`
fn nextest(line: &str) -> Option<String> {
    let status = match line.split_whitespace().next()? {
        "PASS" => "ok",
        "SKIP" => "ignored",
        "FAIL" => "FAILED",
        _ => return None,
    };
    Some(format!("{}: {status}", line.split_whitespace().last()?))
}

/// All snapshot files of a package.
fn files(package: &str) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder().join(package)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "snap" || end == "new") {
                found.extend(relative(&path));
            }
        }
    }
    found
}

fn lines(of: impl IntoIterator<Item = String>) -> String {
    of.into_iter().collect::<Vec<_>>().join("\n")
}

fn compare(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// One test, one file, in both orders, whoever runs it and however many at a time.
#[test]
fn both_orders_under_both_runners() {
    let cargo_test = cargo(&["test", "--package=orders", "--test=basic", "--", "--format=pretty"]).passes();
    let one_thread = cargo(&["test", "--package=orders", "--test=basic", "--", "--test-threads=1"]).passes();
    let nextest =
        cargo(&["nextest", "run", "--package=orders", "--status-level=all", "--final-status-level=none"]).passes();
    compare("tests", &lines(nextest.tests()));
    assert_eq!(one_thread.tests(), nextest.tests());
    let snapshots = files("orders");
    compare("files", &lines(snapshots.iter().map(|path| path.display().to_string())));
    for run in [cargo_test, one_thread, nextest] {
        assert_eq!(run.snapshots, snapshots);
    }
}

/// A crate whose one development dependency is ours: its snapshots are beside its own manifest.
#[test]
fn only_dependency() {
    let snapshots = files("only-dependency");
    assert_eq!(snapshots.len(), 2);
    assert!(snapshots.iter().all(|path| path.starts_with("only-dependency/snapshots")));
    assert_eq!(cargo(&["test", "--package=only-dependency"]).passes().snapshots, snapshots);
    assert_eq!(cargo(&["nextest", "run", "--package=only-dependency"]).passes().snapshots, snapshots);
}

/// `cargo insta` finds the snapshots and knows that each is used, where it is installed.
#[test]
fn cargo_insta_knows_them() {
    if !cargo(&["insta", "--version"]).success {
        return;
    }
    for runner in ["cargo-test", "nextest"] {
        let runner = format!("--test-runner={runner}");
        cargo(&["insta", "test", "--package=only-dependency", "--check", "--unreferenced=reject", &runner]).passes();
    }
    assert!(!cargo(&["insta", "pending-snapshots"]).passes().output.contains("only-dependency"));
}

#[test]
fn renamed_dependency() {
    assert_eq!(cargo(&["test", "--package=renamed"]).passes().snapshots, files("renamed"));
}

/// No prelude, shadowed names, tests from macros, old editions; and nothing for rustc or clippy to say.
#[test]
fn hygiene() {
    let run = cargo(&["test", "--package=hygiene", "--package=edition-2018"]).passes();
    assert_eq!(run.snapshots, files("hygiene").union(&files("edition-2018")).cloned().collect());
    let lints = ["-Dwarnings", "-Wclippy::pedantic", "-Wclippy::nursery"];
    let packages =
        ["clippy", "--all-targets", "--package=hygiene", "--package=edition-2018", "--package=renamed", "--"];
    cargo(&[&packages[..], &lints].concat()).passes();
}

/// Every test fails by its own fault, the first one; and none leaves a snapshot to be accepted.
#[test]
fn first_failure_wins() {
    let before = files("failing");
    let run = updating("no", &["test", "--package=failing", "--test=failing", "--", "--test-threads=1"]);
    assert!(!run.success);
    compare("failing", &told(&run.output));
    // Even where insta would write: what it did not see, nobody can accept.
    let bodies = updating("new", &["test", "--package=failing", "--test=failing", "--", "body_", "not_panic"]);
    assert!(!bodies.success && bodies.snapshots.is_empty());
    assert_eq!(files("failing"), before);
}

/// A failure in one order of many: which, what matters of it, and how to see it again.
#[test]
fn sweeps_say_which_order_fails() {
    let run = updating("no", &["test", "--package=failing", "--test=sweeps", "--", "--test-threads=1"]);
    assert!(!run.success);
    compare("sweeps", &told(&run.output));
}

/// What the failed tests printed, without what changes from run to run.
fn told(output: &str) -> String {
    let from = output.find("running ").unwrap_or_default();
    let to = output.find("test result:").unwrap_or(output.len());
    let steady = |line: &&str| {
        let noise =
            ["note: run with", "thread '", "To update snapshots", "Stopped on the first failure", "Error: test failed"];
        !noise.iter().any(|noise| line.starts_with(noise))
            && !["panicked at", "stats: ", "window: "].iter().any(|noise| line.contains(noise))
    };
    let lines = output[from..to].lines().filter(steady).map(|line| {
        line.trim_end().replace(&*folder().to_string_lossy(), "").replace(env!("CARGO_TARGET_TMPDIR"), "[target]")
    });
    lines.collect::<Vec<_>>().join("\n")
}
