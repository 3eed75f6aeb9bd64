//! The golden vectors recorded from spead2: see `tests/vectors/README.md`.

use std::{env, fs, path::PathBuf};

use serde_json::Value;

/// The directory of the vectors: `SPEAD_VECTORS`, or `tests/vectors`.
#[must_use]
pub fn directory() -> PathBuf {
    env::var_os("SPEAD_VECTORS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors")), PathBuf::from)
}

/// A file of the vectors, parsed.
///
/// # Panics
/// If it is missing or broken.
#[must_use]
pub fn json(file: &str) -> Value {
    let path = directory().join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs `check` on each case of a file for which `wanted` holds, reports how many ran, and fails with every case that
/// failed.
///
/// # Panics
/// If a case failed, or none ran.
pub fn run(file: &str, wanted: impl Fn(&Value) -> bool, check: impl Fn(&Value) -> Result<(), String>) {
    let cases = json(file);
    let cases = cases["cases"].as_array().expect("cases");
    let chosen: Vec<&Value> = cases.iter().filter(|case| wanted(case)).collect();
    let failed: Vec<String> = chosen
        .iter()
        .filter_map(|case| check(case).err().map(|why| format!("{}: {why}", text(&case["name"]))))
        .collect();
    println!("{file}: {} of {} cases run, {} failed", chosen.len(), cases.len(), failed.len());
    assert!(!chosen.is_empty(), "{file}: no case ran");
    assert!(failed.is_empty(), "{file}: {} of {} cases failed:\n{}", failed.len(), chosen.len(), failed.join("\n"));
}

/// Whether a case has this tag.
#[must_use]
pub fn tagged(case: &Value, tag: &str) -> bool {
    case["tags"].as_array().is_some_and(|tags| tags.iter().any(|found| found == tag))
}

/// A string.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

/// A list; nothing for an absent one.
#[must_use]
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Bytes from hexadecimal digits.
///
/// # Panics
/// If they are none.
#[must_use]
pub fn hex(value: &Value) -> Vec<u8> {
    let digits = text(value);
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex digits")).collect()
}

/// Hexadecimal digits from bytes.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number that may be written as a decimal string; `default` if it is absent.
///
/// # Panics
/// If it is something else.
#[must_use]
pub fn number(value: &Value, default: i128) -> i128 {
    match value {
        Value::Null => default,
        Value::String(digits) => digits.parse().expect("a decimal number"),
        value => i128::from(value.as_i64().expect("a number")),
    }
}

/// A number that is not negative.
///
/// # Panics
/// If it is something else.
#[must_use]
pub fn unsigned(value: &Value, default: u64) -> u64 {
    u64::try_from(number(value, i128::from(default))).expect("not negative")
}

/// A size.
///
/// # Panics
/// If it is something else.
#[must_use]
pub fn size(value: &Value, default: usize) -> usize {
    usize::try_from(number(value, default as i128)).expect("a size")
}

/// A flag; `default` if it is absent.
#[must_use]
pub fn flag(value: &Value, default: bool) -> bool {
    value.as_bool().unwrap_or(default)
}
