//! The only door to the file system in this crate: sixteen calls, each of which a test can make fail.
//!
//! Nothing here decides anything. What may go wrong between two calls is the business of [`super::layout`], which knows
//! which call makes a change durable. *Rule:* `cargo xtask tidy` lets no other file of this crate touch a file.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, IoSlice, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// A call that is about to be made.
#[derive(Debug)]
pub struct DiskCall<'a> {
    /// Which one, such as `rename`.
    pub name: &'static str,
    /// What it is made on.
    pub path: &'a Path,
    /// Where `rename` and `link` lead.
    pub target: Option<&'a Path>,
}

/// What becomes of a call on purpose.
#[derive(Debug)]
pub enum DiskFault {
    /// It is not made, and fails so.
    Refused(io::Error),
    /// It is made, and reported as failed.
    Late(io::Error),
    /// A write puts down half of its bytes, and fails so.
    Short(io::Error),
}

/// Makes calls to the file system fail, for tests of this store. Without one a call costs one comparison more.
pub trait DiskFaults: fmt::Debug + Send + Sync {
    /// What becomes of the call; it goes through when there is nothing.
    fn strike(&self, call: &DiskCall<'_>) -> Option<DiskFault>;
}

/// A folder that this process has for itself, for as long as this lives.
#[derive(Debug)]
pub(crate) struct FolderLock(#[expect(dead_code, reason = "held, not read")] File);

/// What a name in a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Other,
}

/// Space on the disk that a store may still use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    pub(crate) free_bytes: u64,
    /// Files that can still be made, and how many the disk has in all; both 0 where the file system has no such limit.
    pub(crate) free_inodes: u64,
    pub(crate) inodes: u64,
}

/// The way to the file system.
#[derive(Clone, Debug, Default)]
pub(crate) struct Door {
    faults: Option<Arc<dyn DiskFaults>>,
}

impl Door {
    pub(crate) const fn new(faults: Option<Arc<dyn DiskFaults>>) -> Self {
        Self { faults }
    }

    fn call<T>(
        &self,
        name: &'static str,
        path: &Path,
        target: Option<&Path>,
        make: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(faults) = &self.faults else { return make() };
        match faults.strike(&DiskCall { name, path, target }) {
            None => make(),
            Some(DiskFault::Refused(error) | DiskFault::Short(error)) => Err(error),
            Some(DiskFault::Late(error)) => make().and(Err(error)),
        }
    }

    /// A fresh file to write; fails if the name is taken.
    pub(crate) fn create(&self, path: &Path) -> io::Result<OpenFile> {
        let file = self.call("create", path, None, || File::options().write(true).create_new(true).open(path))?;
        Ok(OpenFile { file, door: self.clone(), path: path.to_owned() })
    }

    /// A file to read.
    pub(crate) fn open(&self, path: &Path) -> io::Result<OpenFile> {
        let file = self.call("open", path, None, || File::open(path))?;
        Ok(OpenFile { file, door: self.clone(), path: path.to_owned() })
    }

    /// All of a small file.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.call("read", path, None, || fs::read(path))
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("rename", from, Some(to), || fs::rename(from, to))
    }

    pub(crate) fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("link", from, Some(to), || fs::hard_link(from, to))
    }

    pub(crate) fn remove(&self, file: &Path) -> io::Result<()> {
        self.call("remove", file, None, || fs::remove_file(file))
    }

    pub(crate) fn make_folder(&self, folder: &Path) -> io::Result<()> {
        self.call("make_folder", folder, None, || fs::create_dir(folder))
    }

    /// Removes an empty folder.
    pub(crate) fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.call("remove_folder", folder, None, || fs::remove_dir(folder))
    }

    /// Makes the names in a folder survive a loss of power.
    pub(crate) fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.call("sync_folder", folder, None, || File::open(folder)?.sync_all())
    }

    /// The names in a folder; one that is not UTF-8 is nobody's of this store and is left out.
    pub(crate) fn list(&self, folder: &Path) -> io::Result<Vec<(String, Kind)>> {
        self.call("list", folder, None, || {
            let mut names = Vec::new();
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let kind = entry.file_type()?;
                let kind = match (kind.is_file(), kind.is_dir()) {
                    (true, _) => Kind::File,
                    (_, true) => Kind::Folder,
                    (false, false) => Kind::Other,
                };
                if let Ok(name) = entry.file_name().into_string() {
                    names.push((name, kind));
                }
            }
            Ok(names)
        })
    }

    /// The length of a file; `None` if there is none.
    pub(crate) fn size(&self, file: &Path) -> io::Result<Option<u64>> {
        self.call("size", file, None, || match fs::metadata(file) {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Milliseconds since 1970 at which the names in a folder last changed.
    pub(crate) fn changed_ms(&self, folder: &Path) -> io::Result<u128> {
        let changed = self.call("changed_ms", folder, None, || fs::metadata(folder)?.modified())?;
        Ok(changed.duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.as_millis()))
    }

    /// Takes a lock file, made if absent, for this process; `None` if another one has it.
    pub(crate) fn lock(&self, path: &Path) -> io::Result<Option<FolderLock>> {
        self.call("lock", path, None, || {
            let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            match rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => Ok(Some(FolderLock(lock))),
                Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }

    /// Makes a file that takes up so much of the disk.
    pub(crate) fn allocate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        self.call("allocate", path, None, || {
            let mut file = File::create(path)?;
            match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes) {
                Ok(()) => Ok(()),
                Err(rustix::io::Errno::OPNOTSUPP) => io::copy(&mut io::repeat(0).take(bytes), &mut file).map(drop),
                Err(error) => Err(error.into()),
            }
        })
    }

    /// What the disk of a folder still has.
    pub(crate) fn space(&self, folder: &Path) -> io::Result<Space> {
        self.call("space", folder, None, || {
            let found = rustix::fs::statvfs(folder)?;
            Ok(Space {
                free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
                free_inodes: found.f_favail,
                inodes: found.f_files,
            })
        })
    }
}

/// A file that is written from its beginning, or read.
#[derive(Debug)]
pub(crate) struct OpenFile {
    file: File,
    door: Door,
    path: PathBuf,
}

impl OpenFile {
    /// Writes all of it.
    pub(crate) fn write(&mut self, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        let Self { file, door, path } = self;
        let call = DiskCall { name: "write", path, target: None };
        match door.faults.as_ref().and_then(|faults| faults.strike(&call)) {
            None => write_all(file, slices),
            Some(DiskFault::Refused(error)) => Err(error),
            Some(DiskFault::Late(error)) => write_all(file, slices).and(Err(error)),
            Some(DiskFault::Short(error)) => {
                let half = slices.first().map_or(&[][..], |slice| &slice[..slice.len() / 2]);
                file.write_all(half).and(Err(error))
            }
        }
    }

    /// Makes its bytes survive a loss of power.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.door.call("sync", &self.path, None, || self.file.sync_data())
    }

    /// Up to `limit` bytes from `offset` on; fewer only at its end.
    pub(crate) fn read_at(&mut self, offset: u64, limit: usize) -> io::Result<Vec<u8>> {
        let Self { file, door, path } = self;
        door.call("read_at", path, None, || {
            let mut buffer = Vec::with_capacity(limit);
            file.seek(SeekFrom::Start(offset))?;
            file.take(limit as u64).read_to_end(&mut buffer)?;
            Ok(buffer)
        })
    }
}

fn write_all(file: &mut File, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    let mut rest = slices;
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
