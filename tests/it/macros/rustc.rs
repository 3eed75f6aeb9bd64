//! Single files as test crates, built against what cargo has built for this very test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Crates that a file may use. None shares types with another, so that each can be the latest build.
const EXTERN: [&str; 4] = ["spead_inproc", "rstest", "rstest_reuse", "tokio"];

/// A compiler for one file.
pub(super) struct Rustc {
    command: Command,
    file: PathBuf,
}

impl Rustc {
    pub(super) fn new(file: &Path) -> Self {
        let mut command = Command::new("rustc");
        let deps = deps();
        command.args(["--edition=2024", "--test", "--crate-name=t", "-Dwarnings", "--cap-lints=warn"]);
        command.arg("-L").arg(format!("dependency={}", deps.display()));
        for name in EXTERN {
            command.arg("--extern").arg(format!("{name}={}", newest(&deps, name).display()));
        }
        command.arg(file);
        Self { command, file: file.to_owned() }
    }

    /// Looks for errors only: what rustc says, in JSON.
    pub(super) fn check(mut self) -> String {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui").join(self.file.file_stem().expect("a file"));
        fs::create_dir_all(&out).expect("cargo's folder for us can be written");
        self.command.args(["--error-format=json", "--emit=metadata", "--out-dir"]).arg(&out);
        let output = self.command.output().expect("rustc runs");
        let text = String::from_utf8(output.stderr).expect("rustc writes UTF-8");
        assert!(!output.status.success(), "{} compiles:\n{text}", self.file.display());
        text
    }
}

/// Where cargo has put this test and what it is linked with.
fn deps() -> PathBuf {
    let binary = env::current_exe().expect("a test has a path");
    binary.parent().expect("a file is in a folder").to_owned()
}

/// The latest build of a crate: an older one may be for other features.
fn newest(deps: &Path, name: &str) -> PathBuf {
    let of_crate = |path: &PathBuf| {
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let rest = file.strip_prefix("lib").and_then(|rest| rest.strip_prefix(name)).unwrap_or_default();
        rest.starts_with('-') && (rest.ends_with(".rlib") || rest.ends_with(".so") || rest.ends_with(".dylib"))
    };
    let built = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    let all = fs::read_dir(deps).expect("cargo's folder can be read").filter_map(|entry| Some(entry.ok()?.path()));
    all.filter(of_crate).max_by_key(built).unwrap_or_else(|| panic!("{name} is a dependency of this test"))
}
