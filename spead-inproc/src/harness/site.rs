//! Where a test is, and the name of its snapshot that follows from it.

/// The place of a test in its crate, written down where it is expanded.
#[derive(Debug, Clone, Copy)]
pub struct Home {
    /// The module in which insta's macro expands; insta puts it before every name.
    module: &'static str,
    function: &'static str,
    /// The folder for snapshots.
    snapshots: &'static str,
}

impl Home {
    /// What `module_path!()` and the annotated function say.
    pub const fn new(module: &'static str, function: &'static str, snapshots: &'static str) -> Self {
        Self { module, function, snapshots }
    }

    pub(super) const fn snapshots(&self) -> &'static str {
        self.snapshots
    }

    pub(super) const fn site(&self) -> Site {
        Site::new(self.module, self.function)
    }

    /// How the test is called, without the module it is in: `sizes__case_1_one_packet`, or just the function.
    pub(super) fn path(&self, site: &Site) -> String {
        let inside = site.module.strip_prefix(self.module).unwrap_or_default().trim_start_matches("::");
        if inside.is_empty() { site.name.to_owned() } else { format!("{}__{}", inside.replace("::", "__"), site.name) }
    }

    /// What libtest calls the test: its path without the crate.
    pub(super) fn test(&self, site: &Site) -> String {
        let inside = site.module.split_once("::").map(|(_, inside)| format!("{inside}::")).unwrap_or_default();
        format!("{inside}{}", site.name)
    }

    /// What tells this case from its siblings: `case_1_one_packet`. Nothing for a test without cases.
    pub(super) fn case(&self, site: &Site) -> Option<String> {
        self.path(site).strip_prefix(self.function)?.strip_prefix("__").map(str::to_owned)
    }

    /// The name of the snapshot, to which insta adds the module before and a suffix, if there is one, after.
    pub(super) fn snapshot(&self, site: &Site, given: Option<&str>) -> String {
        let path = match given {
            Some(name) => format!("{}__{}", self.function, file_name(name)),
            None => self.path(site),
        };
        format!("{}@heaps", shortened(path, self.module.len()))
    }

    /// What files for people are called that a snapshot in this module leaves.
    pub(super) fn artifact(&self) -> String {
        self.module.replace("::", "__")
    }

    /// What identifies the snapshot among all of this process.
    pub(super) fn full(&self, snapshot: &str) -> String {
        format!("{}__{snapshot}", self.module)
    }
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
    fn names_fit_file_systems_and_stay_apart() {
        let long = |end: &str| HOME.snapshot(&HOME.site(), Some(&format!("{}{end}", "µ".repeat(200))));
        assert!(long("a").len() < 210);
        assert_ne!(long("a"), long("b"));
    }
}
