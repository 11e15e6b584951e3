//! A local file that is being uploaded: opened once, read by position, watched for change.
//!
//! Readers share one open file and no cursor, so several parts and the checksum read at once. If the path is replaced
//! by another file, the opened one stays whole; if the opened file itself is written to, size or modification time
//! tell, and the upload must stop: its parts would be of two files.
//!
//! *Rule*: a path is looked at before it is opened, because opening a FIFO waits for a writer. All of it blocks, for ever
//! where a mount does not answer: the driver asks on threads of its own.

use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::buffer::spare_capacity;
use rustix::fs::OFlags;

/// An open local file, as it was when it was opened.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    file: File,
    stamp: Stamp,
}

/// What tells that a file was written to: its size and its modification time to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { size: metadata.size(), seconds: metadata.mtime(), nanoseconds: metadata.mtime_nsec() })
    }
}

impl Source {
    /// Opens a regular file. A folder, a FIFO, a socket or a device is refused as invalid input, without opening it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        require_file(path.metadata()?.file_type())?;
        // What is regular does not mind; what took its place a moment ago does not keep us waiting.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).expect("open flags are an int");
        let file = OpenOptions::new().read(true).custom_flags(flags).open(&path)?;
        require_file(file.metadata()?.file_type())?;
        let stamp = Stamp::of(&file)?;
        Ok(Self { path, file, stamp })
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name without folders; bytes that are not UTF-8 are replaced.
    pub fn file_name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// Its size in bytes when it was opened.
    pub fn size(&self) -> u64 {
        self.stamp.size
    }

    /// What identifies it to this machine: absolute path, size and modification time.
    pub(crate) fn identity(&self) -> impl Iterator<Item = Vec<u8>> + use<> {
        let Stamp { size, seconds, nanoseconds } = self.stamp;
        let path = self.path.as_os_str().as_bytes().to_vec();
        [path, size.to_le_bytes().to_vec(), seconds.to_le_bytes().to_vec(), nanoseconds.to_le_bytes().to_vec()]
            .into_iter()
    }

    /// Whether it has been written to since it was opened.
    pub fn has_changed(&self) -> io::Result<bool> {
        Ok(Stamp::of(&self.file)? != self.stamp)
    }

    /// Fills `buffer` with exactly `length` bytes from `offset`; what was in it is lost. Blocks. A file that has become
    /// shorter gives `UnexpectedEof`.
    pub fn read(&self, offset: u64, length: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
        buffer.clear();
        buffer.reserve_exact(length);
        while buffer.len() < length {
            let at = offset + buffer.len() as u64;
            let read = match rustix::io::pread(&self.file, spare_capacity(buffer), at) {
                Ok(read) => read,
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        buffer.truncate(length);
        Ok(())
    }
}

/// Whether bytes can be read by position, as often as needed.
fn require_file(kind: FileType) -> io::Result<()> {
    let what = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a FIFO",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, not a regular file")))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn reads_by_position_and_notices_writing() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"landfall").unwrap();
        let source = Source::open(file.path()).unwrap();
        let mut buffer = Vec::new();
        source.read(4, 4, &mut buffer).unwrap();
        assert_eq!(buffer, b"fall");
        assert!(!source.has_changed().unwrap());
        assert_eq!(source.read(5, 4, &mut buffer).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        file.write_all(b"!").unwrap();
        assert!(source.has_changed().unwrap());
    }

    #[test]
    fn refuses_what_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let (fifo, socket) = (folder.path().join("fifo"), folder.path().join("socket"));
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).unwrap();
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, what) in [(&fifo, "a FIFO"), (&socket, "a socket"), (&"/dev/null".into(), "a device")] {
            let refused = Source::open(path).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
            assert!(refused.to_string().contains(what), "{refused}");
        }
        assert_eq!(Source::open(folder.path()).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(Source::open(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
