//! The arrays of tests that passed, by digest: what a digest in a snapshot stands for.

use std::fs;

use crate::{
    descriptor::Value,
    harness::{artifact, npy},
};

/// Elements of an array that is kept for later failures.
const KEPT: usize = 1 << 24;

/// Keeps an array.
pub(super) fn keep(digest: &str, array: &Value) {
    let name = name(digest);
    if array.len() < KEPT
        && artifact::path(&name).is_some_and(|path| !path.exists())
        && let Some(file) = npy::file(array)
    {
        // A test does not fail for want of a file that would explain another failure.
        drop(artifact::write(&name, &file));
    }
}

/// The array with this digest, like `array`, from a test that passed.
pub(super) fn kept(digest: &str, array: &Value) -> Option<Value> {
    let file = fs::read(artifact::path(&name(digest))?).ok()?;
    // The header says type and shape.
    let header = npy::file(array)?;
    let data = npy::data(&file)?;
    let same = file.len() == header.len() && file[..file.len() - data.len()] == header[..file.len() - data.len()];
    if same { array.like(data) } else { None }
}

pub(super) fn name(digest: &str) -> String {
    format!("array-{digest}.npy")
}
