//! The documentation of the attribute: every example is compiled as a test crate, and passes.

use std::{fs, path::Path};

use super::rustc::Rustc;

#[test]
fn every_recipe_passes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("spead-inproc/src/harness/attribute.md")).expect("the page is there");
    let recipes: Vec<_> = page.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(recipes.len() > 8, "the page has {} recipes", recipes.len());
    let all: String = (1..).zip(&recipes).map(|(number, code)| format!("mod recipe_{number} {{\n{code}}}\n")).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("recipes-{}", std::process::id()));
    let output = Rustc::package(&folder, &all).run();
    fs::remove_dir_all(&folder).expect("the folder was ours");
    let passed = output.matches(" ... ok").count();
    assert!(output.contains("test result: ok") && passed >= recipes.len(), "{output}");
}
