//! Files that a failing test leaves for people: pictures and arrays, under the target directory.

use std::{env, fs, io, path::PathBuf};

/// Writes a file; where it is now.
///
/// The folder is `spead-inproc` in the target directory of the running test, which is where its program lies; elsewhere the
/// system's folder for temporary files.
pub(super) fn write(name: &str, content: &[u8]) -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    let folder = target.map_or_else(env::temp_dir, PathBuf::from).join("spead-inproc");
    fs::create_dir_all(&folder)?;
    let path = folder.join(name);
    fs::write(&path, content)?;
    Ok(path)
}
