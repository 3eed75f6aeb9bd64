//! The arrows of the architecture point one way: `wire ← heap ← (send, recv) ← (descriptor, stream) ← inproc ← harness`.

use std::{fs, path::Path};

/// Each module, and the modules that it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("sync", &[]),
    ("wire", &[]),
    ("heap", &["wire"]),
    ("send", &["wire", "heap"]),
    ("recv", &["wire", "heap"]),
    ("descriptor", &["wire", "heap", "send", "recv"]),
    ("profile", &["wire", "heap", "send", "recv", "descriptor"]),
    ("stream", &["sync", "wire", "heap", "send", "recv"]),
    ("inproc", &["sync", "wire", "heap", "send", "recv", "stream"]),
    ("strategies", &["wire", "heap", "send", "recv", "descriptor", "stream", "inproc", "harness"]),
    ("harness", &["wire", "heap", "send", "recv", "descriptor", "stream", "inproc"]),
];

#[test]
fn imports_point_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("spead-inproc/src");
    let mut wrong = Vec::new();
    let mut files = 0;
    for entry in fs::read_dir(&src).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let module = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("module {module} has no place in the order"));
            continue;
        };
        visit(&path, &mut |file, text| {
            files += 1;
            for used in uses(text) {
                if used != module && !allowed.contains(&used.as_str()) {
                    wrong.push(format!("{} uses {used}", file.strip_prefix(&src).unwrap().display()));
                }
            }
        });
    }
    assert!(files > 20, "only {files} files found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn visit(path: &Path, see: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, see);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            see(&path, &code(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The text without comments and unit tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The modules named by `crate::…` and `use crate::{…}`.
fn uses(text: &str) -> Vec<String> {
    let modules = MAY_USE.iter().map(|(name, _)| *name);
    let groups: Vec<&str> = text.split("crate::{").skip(1).map(|rest| &rest[..rest.find("};").unwrap_or(0)]).collect();
    modules
        .filter(|module| {
            text.contains(&format!("crate::{module}"))
                || groups.iter().any(|group| {
                    group
                        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
                        .any(|word| word == *module || word.starts_with(&format!("{module}::")))
                })
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_wrong_arrow_is_seen() {
    assert_eq!(uses("use crate::stream::RecvStream;"), ["stream"]);
    assert_eq!(uses("use crate::{\n    heap::Heap,\n    harness::Harness,\n};"), ["heap", "harness"]);
    assert_eq!(uses(&code("// crate::stream\n")), [""; 0]);
}
