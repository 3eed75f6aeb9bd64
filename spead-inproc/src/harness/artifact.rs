//! Files that a failing test leaves for people: pictures and arrays, under the target directory.

use std::{
    env, fs, io,
    path::PathBuf,
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Where a file with this name is, or would be.
///
/// The folder is `spead-inproc` in the target directory of the running test, which is where its program lies; elsewhere the
/// system's folder for temporary files.
pub(super) fn path(name: &str) -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    Some(target.map_or_else(env::temp_dir, PathBuf::from).join("spead-inproc").join(name))
}

/// Writes a file; where it is now.
pub(super) fn write(name: &str, content: &[u8]) -> io::Result<PathBuf> {
    let path = path(name).ok_or(io::ErrorKind::NotFound)?;
    fs::create_dir_all(path.parent().ok_or(io::ErrorKind::NotFound)?)?;
    // Tests run side by side, as threads and as processes: nobody must see half a file.
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let written = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let half = path.with_extension(format!("{}-{written}.half", process::id()));
    fs::write(&half, content)?;
    fs::rename(&half, &path)?;
    Ok(path)
}
