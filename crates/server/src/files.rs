//! Files of the data folder that must be whole or absent: secrets and `run.json`.
//!
//! *Rule*: write beside, fsync, rename or link into place, fsync the folder.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Makes a file that only its owner can read, at once and whole. Fails with `AlreadyExists` rather than replace one.
///
/// # Errors
/// What the operating system said.
pub(crate) fn create_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = write_beside(path, content)?;
    // A hard link fails if the name exists; a rename would replace what another process just made.
    let linked = std::fs::hard_link(&beside, path);
    std::fs::remove_file(&beside)?;
    linked?;
    sync_folder(path)
}

/// Makes or replaces a file that only its owner can read, at once and whole.
///
/// # Errors
/// What the operating system said.
pub(crate) fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = write_beside(path, content)?;
    std::fs::rename(&beside, path)?;
    sync_folder(path)
}

fn write_beside(path: &Path, content: &[u8]) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    Ok(beside)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}
