//! Single files as test crates, built against what cargo has built for this very test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Crates that a file may use.
const EXTERN: [&str; 5] = ["spead_inproc", "rstest", "rstest_reuse", "tokio", "insta"];

/// A compiler for one file.
pub(super) struct Rustc {
    command: Command,
    file: PathBuf,
}

impl Rustc {
    pub(super) fn new(file: &Path) -> Self {
        Self::named("rustc", file)
    }

    fn named(program: &str, file: &Path) -> Self {
        let mut command = Command::new(program);
        let deps = deps();
        command.args(["--edition=2024", "--test", "--crate-name=t", "-Dwarnings", "--cap-lints=warn"]);
        command.arg("-L").arg(format!("dependency={}", deps.display()));
        for name in EXTERN {
            command.arg("--extern").arg(format!("{name}={}", newest(&deps, name).display()));
        }
        command.arg(file);
        Self { command, file: file.to_owned() }
    }

    /// One file of source code as a package of its own, in a folder that is made for it.
    pub(super) fn package(folder: &Path, code: &str) -> Self {
        let manifest = "[package]\nname = \"t\"\n\n[dependencies]\nrstest = \"0\"\n";
        fs::create_dir_all(folder).expect("the folder can be made");
        fs::write(folder.join("Cargo.toml"), manifest).expect("the folder can be written");
        fs::write(folder.join("t.rs"), code).expect("the folder can be written");
        let mut rustc = Self::new(&folder.join("t.rs"));
        rustc.command.env("CARGO_MANIFEST_DIR", folder).env("CARGO_MANIFEST_PATH", folder.join("Cargo.toml"));
        rustc
    }

    /// Compiles the tests and runs them, whatever their snapshots are.
    pub(super) fn run(mut self) -> String {
        let folder = self.file.parent().expect("a file is in a folder");
        let program = folder.join("t");
        let compiled = self.command.arg("-o").arg(&program).output().expect("rustc runs");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let mut tests = Command::new(program);
        tests.current_dir(folder).env("INSTA_UPDATE", "always").env("INSTA_WORKSPACE_ROOT", folder);
        let output = tests.output().expect("the tests run");
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("\n")
    }

    /// Looks for errors only: what rustc says, in JSON.
    pub(super) fn check(mut self) -> String {
        let out = env::temp_dir().join(format!("spead-inproc-ui-{}", std::process::id()));
        fs::create_dir_all(&out).expect("a temporary folder can be made");
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
