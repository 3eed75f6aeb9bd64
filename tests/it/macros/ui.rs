//! Wrong usage: what the user is told, and where.
//!
//! Each file of `tests/ui` goes through rustc as a test, which `trybuild` cannot do. Of what rustc says, the message, the
//! place and the notes of ours are compared, with the snapshot that stands beside the file.

use std::{env, fmt::Write, path::Path};

use insta::Settings;
use rstest::rstest;
use serde_json::Value;

use super::rustc::Rustc;

#[rstest]
fn misuse(
    #[files("tests/ui/*.rs")]
    #[base_dir = "$CARGO_MANIFEST_DIR"]
    file: std::path::PathBuf,
) {
    let name = file.file_stem().expect("a file").to_str().expect("a name in ASCII");
    let output = Rustc::new(&file).check();
    assert!(!output.is_empty(), "{name} compiles without a word");
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, told(&output)));
}

/// One diagnostic a paragraph.
fn told(output: &str) -> String {
    let mut told = String::new();
    for line in output.lines().filter(|line| line.starts_with('{')) {
        let diagnostic: Value = serde_json::from_str(line).expect("rustc writes JSON");
        let message = diagnostic["message"].as_str().unwrap_or_default();
        let level = diagnostic["level"].as_str().unwrap_or_default();
        if level != "error" || message.starts_with("aborting due to") {
            continue;
        }
        let code = diagnostic["code"]["code"].as_str().map(|code| format!("[{code}]")).unwrap_or_default();
        writeln!(told, "{level}{code}: {message}").expect("a string");
        for span in diagnostic["spans"].as_array().into_iter().flatten().filter(|span| span["is_primary"] == true) {
            writeln!(told, "  at {}", place(span)).expect("a string");
        }
        for child in diagnostic["children"].as_array().into_iter().flatten() {
            let message = child["message"].as_str().unwrap_or_default();
            let level = child["level"].as_str().unwrap_or_default();
            if ["spead_test", "SendStream`, `[", "consider removing", "return type"]
                .iter()
                .any(|ours| message.contains(ours))
            {
                writeln!(told, "  {level}: {}", message.lines().next().unwrap_or_default()).expect("a string");
            }
        }
    }
    told
}

/// Line, column and the underlined text.
fn place(span: &Value) -> String {
    let text = &span["text"][0];
    let columns =
        ["highlight_start", "highlight_end"].map(|key| text[key].as_u64().and_then(|n| usize::try_from(n).ok()));
    let [Some(start), Some(end)] = columns else { return "nowhere".to_owned() };
    let underlined: String =
        text["text"].as_str().unwrap_or_default().chars().skip(start - 1).take(end - start).collect();
    let label = span["label"].as_str().map(|label| format!(": {label}")).unwrap_or_default();
    format!("{}:{} `{underlined}`{label}", span["line_start"], span["column_start"])
}
