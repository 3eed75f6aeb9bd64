//! Where a test is, and the name of its snapshot that follows from it.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The place of a test in its crate, written down where it is expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home {
    /// The module in which insta's macro expands; insta puts it before every name.
    module: &'static str,
    /// As it is written: `r#loop` too.
    function: &'static str,
    /// The folder for snapshots, where the test was built.
    snapshots: &'static str,
    /// The function that this one ends with a call of, if it does.
    calls: &'static str,
}

impl Home {
    /// What `module_path!()` and the annotated function say.
    #[must_use]
    pub const fn new(module: &'static str, function: &'static str, snapshots: &'static str) -> Self {
        Self { module, function, snapshots, calls: "" }
    }

    /// That of a function which ends with a call of this one, as do those that rstest makes of cases.
    #[must_use]
    pub const fn calling(self, calls: &'static str) -> Self {
        Self { calls, ..self }
    }

    /// The folder for snapshots: that of the package where it was built, or where it runs, if it has moved since.
    pub(super) fn snapshots(&self) -> PathBuf {
        let built = Path::new(self.snapshots);
        folder(built, built.parent().is_some_and(Path::is_dir), env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from))
    }

    pub(super) const fn site(&self) -> Site {
        Site::new(self.module, self.function)
    }

    /// How the test is called, without the module it is in: `sizes__case_1_one_packet`, or just the function.
    pub(super) fn path(&self, site: &Site) -> String {
        let inside = site.module.strip_prefix(self.module).unwrap_or_default().trim_start_matches("::");
        let name = plain(site.name);
        if inside.is_empty() { name.to_owned() } else { format!("{}__{name}", inside.replace("::", "__")) }
    }

    /// What libtest calls the test: its path without the crate.
    pub(super) fn test(&self, site: &Site) -> String {
        let inside = site.module.split_once("::").map(|(_, inside)| format!("{inside}::")).unwrap_or_default();
        format!("{inside}{}", site.name)
    }

    /// What tells this case from its siblings: `case_1_one_packet`. Nothing for a test without cases.
    pub(super) fn case(&self, site: &Site) -> Option<String> {
        let inside = if site.module == self.module {
            // Below rstest each case is a test of its own, in a module called like the function that it calls.
            let mut modules = site.module.split("::").skip(1);
            modules.by_ref().find(|module| *module == self.calls)?;
            modules.map(str::to_owned).collect::<Vec<_>>()
        } else {
            let inside = site.module.strip_prefix(self.module)?.strip_prefix("::")?;
            let inside = inside.strip_prefix(self.function)?;
            inside.split("::").skip(1).map(str::to_owned).collect()
        };
        Some(shortened(
            inside.into_iter().chain([site.name.to_owned()]).collect::<Vec<_>>().join("__"),
            self.module.len(),
        ))
    }

    /// The name of the snapshot, to which insta adds the module before and a suffix, if there is one, after.
    pub(super) fn snapshot(&self, site: &Site, given: Option<&str>) -> String {
        let path = match given {
            Some(name) => format!("{}__{}", plain(self.function), file_name(name)),
            None => self.path(site),
        };
        format!("{}@heaps", shortened(path, self.module.len()))
    }

    /// What files for people are called that a snapshot in this module leaves.
    pub(super) fn artifact(&self) -> String {
        self.module.replace("::", "__")
    }

    /// A snapshot's file among those of all modules.
    pub(super) fn full(&self, snapshot: &str) -> String {
        format!("{}__{snapshot}", self.module.replace("::", "__"))
    }
}

fn folder(built: &Path, is_there: bool, package: Option<PathBuf>) -> PathBuf {
    let moved = package.filter(|_| !is_there).zip(built.file_name());
    moved.map_or_else(|| built.to_owned(), |(package, name)| package.join(name))
}

/// A name without what makes a name of a keyword.
fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The function that runs: the test itself, or one that rstest made of it.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    module: &'static str,
    name: &'static str,
    should_panic: bool,
}

impl Site {
    /// A function that libtest runs.
    pub const fn new(module: &'static str, name: &'static str) -> Self {
        Self { module, name, should_panic: false }
    }

    /// Whether a panic passes it.
    #[must_use]
    pub const fn should_panic(self, should_panic: bool) -> Self {
        Self { should_panic, ..self }
    }

    pub(super) const fn panics(&self) -> bool {
        self.should_panic
    }
}

/// Without what a file name cannot hold.
fn file_name(name: &str) -> String {
    let keep = |c: char| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c };
    name.replace("::", "__").trim().chars().map(keep).collect()
}

/// File systems end names at 255 bytes, and insta adds to ours; rstest's names of values can be longer.
fn shortened(path: String, module: usize) -> String {
    let most = 200_usize.saturating_sub(module).max(60);
    if path.len() <= most {
        return path;
    }
    let end = (0..=most - 17).rev().find(|end| path.is_char_boundary(*end)).unwrap_or(0);
    format!("{}-{:016x}", &path[..end], xxhash_rust::xxh3::xxh3_64(path.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Home = Home::new("it::wire", "sizes", "/snapshots");

    #[test]
    fn the_path_is_the_one_libtest_prints() {
        let plain = HOME.site();
        assert_eq!((HOME.path(&plain).as_str(), HOME.case(&plain)), ("sizes", None));
        let case = Site::new("it::wire::sizes", "case_1_small");
        assert_eq!(HOME.path(&case), "sizes__case_1_small");
        assert_eq!(HOME.case(&case).as_deref(), Some("case_1_small"));
        assert_eq!((HOME.test(&plain), HOME.test(&case)), ("wire::sizes".into(), "wire::sizes::case_1_small".into()));
        assert_eq!(Home::new("it", "sizes", "").test(&Site::new("it", "sizes")), "sizes");
        let values = Site::new("it::wire::sizes::n_1_1", "s_2_x");
        assert_eq!(HOME.snapshot(&values, None), "sizes__n_1_1__s_2_x@heaps");
        assert_eq!(HOME.case(&values).as_deref(), Some("n_1_1__s_2_x"));
    }

    #[test]
    fn a_given_name_replaces_the_case_and_is_a_file_name() {
        let case = Site::new("it::wire::sizes", "case_1_small");
        assert_eq!(HOME.snapshot(&case, Some("a/b::c 64")), "sizes__a_b__c 64@heaps");
    }

    #[test]
    fn raw_names_are_those_of_libtest() {
        let home = Home::new("it::r#loop", "r#in", "/snapshots");
        let case = Site::new("it::r#loop::r#in", "case_1");
        assert_eq!(
            (home.test(&home.site()), home.snapshot(&home.site(), None)),
            ("r#loop::r#in".into(), "in@heaps".into())
        );
        assert_eq!((home.test(&case), home.case(&case)), ("r#loop::r#in::case_1".into(), Some("case_1".into())));
        // As insta names it in the other order, where `r#in` is a module.
        assert_eq!(home.full(&home.snapshot(&case, None)), "it__r#loop__r#in__case_1@heaps");
        let below = Home::new("it::r#loop::r#in", "case_1", "/snapshots");
        assert_eq!(below.full(&below.snapshot(&below.site(), None)), "it__r#loop__r#in__case_1@heaps");
    }

    #[test]
    fn a_case_below_rstest_is_known_by_what_it_calls() {
        let case = |module, function| {
            let home = Home::new(module, function, "/snapshots").calling("sizes");
            home.case(&home.site())
        };
        assert_eq!(case("it::wire::sizes", "case_1_small").as_deref(), Some("case_1_small"));
        assert_eq!(case("it::wire::sizes::n_1_1", "s_2_x").as_deref(), Some("n_1_1__s_2_x"));
        assert_eq!(case("it::wire", "other"), None);
        assert_eq!(case("sizes::wire", "of_the_crate"), None);
    }

    #[test]
    fn snapshots_move_with_the_package() {
        let (built, package) = (Path::new("/built/snapshots"), || Some(PathBuf::from("/moved")));
        assert_eq!(folder(built, true, package()), built);
        assert_eq!(folder(built, false, package()), Path::new("/moved/snapshots"));
        assert_eq!(folder(built, false, None), built);
    }

    #[test]
    fn names_fit_file_systems_and_stay_apart() {
        let long = |end: &str| HOME.snapshot(&HOME.site(), Some(&format!("{}{end}", "µ".repeat(200))));
        assert!(long("a").len() < 210);
        assert_ne!(long("a"), long("b"));
    }
}
