//! insta's settings around the body of a test and around its snapshot.

use std::path::Path;

use insta::Settings;

/// The folder that insta takes when nothing is said.
const DEFAULT_FOLDER: &str = "snapshots";

/// For the body: a case's own snapshots carry its name, or all cases would write one file, in the order in which they
/// happen to run.
pub(super) fn for_body(settings: &Settings, case: Option<String>) -> Settings {
    let mut settings = settings.clone();
    if let Some(case) = case {
        let suffix = match settings.snapshot_suffix() {
            Some(own) => format!("{case}@{own}"),
            None => case,
        };
        settings.set_snapshot_suffix(suffix);
    }
    settings
}

/// For the snapshot of the received heaps: one folder for a package, unless the user has chosen one.
pub(super) fn for_heaps(settings: &Settings, folder: &str) -> Settings {
    let mut settings = settings.clone();
    if settings.snapshot_path() == Path::new(DEFAULT_FOLDER) {
        settings.set_snapshot_path(folder);
    }
    settings.set_omit_expression(true);
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_has_one_folder_unless_the_user_has_another() {
        let mut settings = Settings::new();
        assert_eq!(for_heaps(&settings, "/package/snapshots").snapshot_path(), Path::new("/package/snapshots"));
        settings.set_snapshot_path("../elsewhere");
        assert_eq!(for_heaps(&settings, "/package/snapshots").snapshot_path(), Path::new("../elsewhere"));
    }

    #[test]
    fn a_case_goes_before_the_suffix_of_the_user() {
        let mut settings = Settings::new();
        assert_eq!(for_body(&settings, None).snapshot_suffix(), None);
        assert_eq!(for_body(&settings, Some("case_1".to_owned())).snapshot_suffix(), Some("case_1"));
        settings.set_snapshot_suffix("masked");
        assert_eq!(for_body(&settings, Some("case_1".to_owned())).snapshot_suffix(), Some("case_1@masked"));
        assert_eq!(for_heaps(&settings, "").snapshot_suffix(), Some("masked"));
    }
}
