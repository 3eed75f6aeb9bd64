//! insta's settings around the body of a test and around its snapshot.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
};

use insta::{Comparator, Settings, Snapshot, allow_duplicates, assert_snapshot};

/// The folder that insta takes when nothing is said.
const DEFAULT_FOLDER: &str = "snapshots";

/// For the body: a case's own snapshots carry its name, or all cases would write one file, in the order in which they
/// happen to run.
pub(super) fn for_body(settings: &Settings, case: Option<String>) -> Settings {
    let mut settings = settings.clone();
    // What runs in the body has it already.
    let has = |case: &String| settings.snapshot_suffix().is_some_and(|suffix| suffix.starts_with(case));
    if let Some(case) = case.filter(|case| !has(case)) {
        let suffix = match settings.snapshot_suffix() {
            Some(own) => format!("{case}@{own}"),
            None => case,
        };
        settings.set_snapshot_suffix(suffix);
    }
    settings
}

/// For the snapshot of the received heaps: one folder for a package, unless the user has chosen one.
pub(super) fn for_heaps(settings: &Settings, folder: &Path) -> Settings {
    let mut settings = settings.clone();
    if settings.snapshot_path() == Path::new(DEFAULT_FOLDER) {
        settings.set_snapshot_path(folder);
    }
    settings.set_omit_expression(true);
    settings
}

/// A text as insta compares it. insta gives its filters to nobody, but what has come through them to a comparator.
pub(super) fn filtered(settings: &Settings, text: &str) -> String {
    let mut settings = settings.clone();
    settings.set_comparator(Box::new(Catch));
    let compare = || settings.bind(|| allow_duplicates! { assert_snapshot!(text, @"") });
    let caught = catch_unwind(AssertUnwindSafe(compare)).err().and_then(|caught| caught.downcast::<Caught>().ok());
    caught.map_or_else(|| text.to_owned(), |caught| caught.0)
}

struct Catch;

struct Caught(String);

impl Comparator for Catch {
    /// Ends the assertion: neither a failure nor a success would leave files as they are.
    fn matches(&self, _: &Snapshot, test: &Snapshot) -> bool {
        let text = test.as_text().map(ToString::to_string).unwrap_or_default();
        resume_unwind(Box::new(Caught(text)))
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insta_gives_out_what_its_filters_leave() {
        let mut settings = Settings::new();
        assert_eq!(filtered(&settings, "took 17 ms\nheap"), "took 17 ms\nheap");
        settings.add_filter(r"\d+ ms", "[time]");
        assert_eq!(filtered(&settings, "took 17 ms\nheap"), "took [time]\nheap");
        assert_eq!(filtered(&settings, "took 18 ms\nheap"), "took [time]\nheap");
    }

    #[test]
    fn the_package_has_one_folder_unless_the_user_has_another() {
        let mut settings = Settings::new();
        let folder = Path::new("/package/snapshots");
        assert_eq!(for_heaps(&settings, folder).snapshot_path(), folder);
        settings.set_snapshot_path("../elsewhere");
        assert_eq!(for_heaps(&settings, folder).snapshot_path(), Path::new("../elsewhere"));
    }

    #[test]
    fn a_case_goes_before_the_suffix_of_the_user() {
        let mut settings = Settings::new();
        assert_eq!(for_body(&settings, None).snapshot_suffix(), None);
        let case = for_body(&settings, Some("case_1".to_owned()));
        assert_eq!(case.snapshot_suffix(), Some("case_1"));
        assert_eq!(for_body(&case, Some("case_1".to_owned())).snapshot_suffix(), Some("case_1"));
        settings.set_snapshot_suffix("masked");
        assert_eq!(for_body(&settings, Some("case_1".to_owned())).snapshot_suffix(), Some("case_1@masked"));
        assert_eq!(for_heaps(&settings, Path::new("")).snapshot_suffix(), Some("masked"));
    }
}
