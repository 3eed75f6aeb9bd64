//! The pages with recipes: every example is a test that passes.

use std::{fs, path::Path};

use super::fixtures;

#[test]
fn every_recipe_passes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = |page| fs::read_to_string(root.join("spead-inproc/src").join(page)).expect("the page is there");
    let pages = page("harness/attribute.md") + &page("recipes.md");
    let recipes: Vec<_> = pages.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(recipes.len() > 20, "the pages have {} recipes", recipes.len());
    let tests: String =
        (1..).zip(&recipes).map(|(number, code)| format!("mod recipe_{number} {{\n{code}}}\n")).collect();

    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recipes");
    fs::create_dir_all(package.join("src")).expect("cargo's folder for us can be written");
    let manifest = format!(
        r#"[package]
name = "recipes"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
insta = {{ version = "1.47.2", features = ["filters"] }}
rstest = "0.28"
spead-inproc = {{ path = {:?} }}
tokio = {{ version = "1.45", features = ["macros", "rt"] }}
"#,
        root.join("spead-inproc")
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("the folder can be written");
    fs::write(package.join("src/lib.rs"), format!("#![cfg(test)]\n{tests}")).expect("the folder can be written");
    let run = fixtures::in_folder(&package, "always", &["test", "--lib"]).passes();
    let passed = run.output.matches(" ... ok").count();
    assert!(passed >= recipes.len(), "{}", run.output);
}
