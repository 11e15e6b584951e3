//! Small files: those of the data folder that must be whole or absent (secrets and `run.json`), and those that people name.
//!
//! *Rules*: write beside, fsync, rename or link into place, fsync the folder. Read nothing that is no file, and no more than
//! it can have: a FIFO never opens, and a device never ends.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The text of a file that has at most so many bytes. It is looked at before it is opened: opening a FIFO waits for somebody
/// who writes, and opening a device may do anything.
///
/// # Errors
/// What the operating system said, or that it is no such file.
pub(crate) fn read_small(path: &Path, max_bytes: u64) -> io::Result<Zeroizing<String>> {
    require_file(std::fs::metadata(path)?.file_type())?;
    // Between the look and this, it may have become something else.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    require_file(file.metadata()?.file_type())?;
    let mut text = Zeroizing::new(String::new());
    file.take(max_bytes + 1).read_to_string(&mut text)?;
    if text.len() as u64 > max_bytes {
        return Err(invalid(&format!("it has more than {max_bytes} bytes")));
    }
    Ok(text)
}

fn require_file(kind: FileType) -> io::Result<()> {
    let what = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a FIFO",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(invalid(&format!("it is {what}, not a regular file")))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what.to_owned())
}

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

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn what_is_no_small_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "0123456789").unwrap();
        std::fs::write(at("bytes"), b"\xff").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("fifo"), rustix::fs::Mode::RUSR).unwrap();
        std::os::unix::fs::symlink(at("fifo"), at("link to a fifo")).unwrap();
        let _listener = UnixListener::bind(at("socket")).unwrap();
        let read = |path: &Path| read_small(path, 10).map(|text| text.to_string()).map_err(|error| error.to_string());
        assert_eq!(read(&at("file")).as_deref(), Ok("0123456789"));
        assert_eq!(read(&at("link")).as_deref(), Ok("0123456789"));
        for (path, why) in [
            (at("fifo"), "it is a FIFO, not a regular file"),
            (at("link to a fifo"), "it is a FIFO, not a regular file"),
            (at("socket"), "it is a socket, not a regular file"),
            (folder.path().to_owned(), "it is a folder, not a regular file"),
            (PathBuf::from("/dev/zero"), "it is a device, not a regular file"),
            (at("bytes"), "stream did not contain valid UTF-8"),
        ] {
            assert_eq!(read(&path), Err(why.to_owned()), "{}", path.display());
        }
        assert_eq!(read_small(&at("file"), 9).unwrap_err().to_string(), "it has more than 9 bytes");
        // A file that has no size and does not end.
        assert!(read(Path::new("/proc/self/mem")).is_err());
    }
}
