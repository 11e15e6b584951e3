//! Where unfinished uploads are remembered, so that a crash of this program costs nothing.
//!
//! One small JSON file per upload in a folder of its owner's. It is written before the asset is created, so that it
//! holds the Idempotency-Key: a crash between the server's answer and our writing it down repeats the request with the
//! same key and gets the same asset. It holds no URL and no token. *Invariants*: a file is written whole or not at all
//! (temporary file, fsync, rename, fsync of the folder); one process at a time works on an upload (an exclusive lock
//! beside it); what cannot be read is set aside, never fatal.

mod entry;
mod lock;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

pub use entry::Entry;

use crate::clock::wall_clock;
use crate::fingerprint::LocalFingerprint;
use lock::Lock;

/// What is older cannot be resumed: the server keeps an upload at most 7 days, and a day is for clocks.
const KEPT_FOR_SECONDS: i64 = 8 * 24 * 3600;
/// An entry is a few hundred bytes and a description of at most 5,000 characters; more is not ours.
const MAX_ENTRY_BYTES: u64 = 1 << 20;

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process is uploading the same files to the same server.
    #[error("another process is uploading the same files to the same server")]
    Busy,
    /// The state folder refuses.
    #[error("the state folder {} cannot be used", .folder.display())]
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The folder of unfinished uploads.
#[derive(Debug, Clone)]
pub struct Journal {
    folder: PathBuf,
}

/// One upload's place in the journal. No other process can have it while this lives.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    name: String,
    found: Found,
    _lock: Lock,
}

/// What was at a place when it was taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Nothing: a new upload.
    Nothing,
    /// An unfinished upload.
    Unfinished(Box<Entry>),
    /// Something that cannot be read; it was renamed to this.
    SetAside(PathBuf),
}

impl Journal {
    /// Opens the folder, making it if need be, readable to its owner only.
    pub fn open(folder: PathBuf) -> Result<Self, JournalError> {
        make(&folder).map_err(|source| JournalError::Folder { folder: folder.clone(), source })?;
        Ok(Self { folder })
    }

    /// Takes the place of an upload and looks what is there.
    pub fn take(&self, server: &str, fingerprint: &LocalFingerprint) -> Result<Place, JournalError> {
        let name = fingerprint.at_server(server);
        let refused = |source| JournalError::Folder { folder: self.folder.clone(), source };
        let lock = Lock::take(self.folder.join(format!("{name}.lock"))).map_err(refused)?.ok_or(JournalError::Busy)?;
        let found = read(&self.folder.join(file_name(&name))).map_err(refused)?;
        Ok(Place { folder: self.folder.clone(), name, found, _lock: lock })
    }

    /// Removes what is too old to be resumed, unless a process holds it. Gives how many uploads were forgotten.
    pub fn prune(&self) -> Result<usize, JournalError> {
        let refused = |source| JournalError::Folder { folder: self.folder.clone(), source };
        let mut pruned = 0;
        for item in fs::read_dir(&self.folder).map_err(refused)? {
            let path = item.map_err(refused)?.path();
            if is_old(&path).unwrap_or(false) && prune_one(&path).unwrap_or(false) {
                pruned += 1;
            }
        }
        Ok(pruned)
    }
}

impl Place {
    /// What was here when it was taken.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// The file that holds, or would hold, the entry.
    pub fn entry_path(&self) -> PathBuf {
        self.folder.join(file_name(&self.name))
    }

    /// Writes the entry durably: when this returns, a crash does not lose it.
    pub fn write(&self, entry: &Entry) -> Result<(), JournalError> {
        self.write_file(&entry.to_json()).map_err(|source| self.refused(source))
    }

    /// Forgets the upload: it is done, or there is nothing to come back to.
    pub fn forget(&self) -> Result<(), JournalError> {
        match fs::remove_file(self.entry_path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.refused(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn refused(&self, source: io::Error) -> JournalError {
        JournalError::Folder { folder: self.folder.clone(), source }
    }

    fn write_file(&self, content: &[u8]) -> io::Result<()> {
        // The lock makes this name ours alone; a leftover of a crash is overwritten.
        let temporary = self.folder.join(format!("{}.new", self.name));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, self.entry_path())?;
        File::open(&self.folder)?.sync_all()
    }
}

/// Makes a folder and those above it durably: an entry is not lost with the folder it is in.
fn make(folder: &Path) -> io::Result<()> {
    let is_absent = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let absent: Vec<_> = folder.ancestors().take_while(is_absent).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for made in absent {
        let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

fn file_name(name: &str) -> String {
    format!("{name}.json")
}

fn read(path: &Path) -> io::Result<Found> {
    let content = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
        Ok(metadata) if metadata.len() > MAX_ENTRY_BYTES => None,
        Ok(_) => Some(fs::read(path)?),
    };
    match content.and_then(|content| Entry::parse(&content)) {
        Some(entry) => Ok(Found::Unfinished(Box::new(entry))),
        None => {
            let aside = path.with_extension("unreadable");
            fs::rename(path, &aside)?;
            Ok(Found::SetAside(aside))
        }
    }
}

fn is_old(path: &Path) -> io::Result<bool> {
    let age_seconds = wall_clock().as_second().saturating_sub(fs::metadata(path)?.mtime());
    Ok(age_seconds > KEPT_FOR_SECONDS)
}

/// Removes one old file. One that belongs to an upload in progress stays, and so does one that a process has written
/// anew just before the lock was taken.
fn prune_one(path: &Path) -> io::Result<bool> {
    let ours = |ending: &str| path.extension().is_some_and(|extension| extension == ending);
    if !["json", "new", "unreadable", "lock"].into_iter().any(ours) {
        return Ok(false);
    }
    let Some(_lock) = Lock::take(path.with_extension("lock"))? else { return Ok(false) };
    // The lock's own file goes when it is let go.
    if ours("lock") || !is_old(path)? {
        return Ok(false);
    }
    fs::remove_file(path)?;
    Ok(ours("json"))
}

#[cfg(test)]
mod tests;
