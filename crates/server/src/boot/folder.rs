//! The data folder: what lies where, who holds it, and where its server is found.
//!
//! `DIR/{catalog.sqlite, store/, secret, store-credentials.json, run.json, store-run.json, lock}`. *Invariant*: whoever
//! changes the catalog holds the lock; the kernel lets go of it when its process ends, however that happens, so a file
//! left by a crash means nothing.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::files;

/// Largest run file that is looked at, in bytes: two addresses, a number and a version.
const MAX_RUN_FILE_BYTES: u64 = 4 << 10;

/// A folder that holds, or will hold, one installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder(PathBuf);

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made, read or written.
    #[error("cannot use the data folder {}: {source}", path.display())]
    Unusable {
        /// The file or folder that failed.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process holds it.
    #[error("the data folder {} is in use by {holder}", path.display())]
    Held {
        /// The folder.
        path: PathBuf,
        /// Which process, and what it does.
        holder: Holder,
    },
}

/// Who holds a folder, as its lock file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process; 0 if it has not said yet.
    pub pid: u32,
    /// What it does, such as `landfall serve`.
    pub purpose: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid {
            0 => f.write_str("another process"),
            pid => write!(f, "process {pid} ({})", self.purpose),
        }
    }
}

/// The lock of a data folder. Dropping it lets go.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// Where a running server is found: the content of `run.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// Where it listens.
    pub addresses: RunAddresses,
    /// Its process.
    pub pid: u32,
    /// Its version.
    pub version: String,
}

/// Base URLs, as programs on this machine reach them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunAddresses {
    /// The API; absent where the embedded store runs alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// The embedded store; absent where objects are elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
}

/// The two run files of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunFileOf {
    /// `landfall serve`.
    Server,
    /// `landfall store serve`.
    Store,
}

impl DataFolder {
    /// Names a folder, which need not exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The file of the secret that tokens are signed with.
    pub fn secret_file(&self) -> PathBuf {
        self.0.join("secret")
    }

    /// The folder of the embedded store.
    pub fn store_folder(&self) -> PathBuf {
        self.0.join("store")
    }

    /// The file of the embedded store's access key.
    pub fn store_credentials_file(&self) -> PathBuf {
        self.0.join("store-credentials.json")
    }

    fn run_file(&self, of: RunFileOf) -> PathBuf {
        self.0.join(match of {
            RunFileOf::Server => "run.json",
            RunFileOf::Store => "store-run.json",
        })
    }

    /// Makes the folder if there is none, for its owner only, and sees that files can be made in it.
    ///
    /// # Errors
    /// [`FolderError::Unusable`].
    pub fn make(&self) -> Result<(), FolderError> {
        let unusable = |source| FolderError::Unusable { path: self.0.clone(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0).map_err(unusable)?;
        let probe = self.0.join(format!("probe.{}.new", std::process::id()));
        files::replace_private(&probe, b"").map_err(unusable)?;
        std::fs::remove_file(&probe).map_err(unusable)
    }

    /// Takes the folder for this process alone.
    ///
    /// # Errors
    /// See [`FolderError`]; [`FolderError::Held`] names the process that has it.
    pub fn lock(&self, purpose: &str) -> Result<FolderLock, FolderError> {
        let path = self.0.join("lock");
        let unusable = |source| FolderError::Unusable { path: path.clone(), source };
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).mode(0o600).open(&path).map_err(unusable)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(FolderError::Held { path: self.0.clone(), holder: read_holder(&mut file) });
            }
            Err(errno) => return Err(unusable(errno.into())),
        }
        let holder = Holder { pid: std::process::id(), purpose: purpose.to_owned() };
        write_holder(&mut file, &holder).map_err(unusable)?;
        Ok(FolderLock { _file: file })
    }

    /// Says where a server is found.
    ///
    /// # Errors
    /// [`FolderError::Unusable`].
    pub fn announce(&self, of: RunFileOf, addresses: RunAddresses) -> Result<(), FolderError> {
        let path = self.run_file(of);
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let run = RunFile { addresses, pid: std::process::id(), version };
        let mut text = serde_json::to_string_pretty(&run).expect("addresses and numbers are JSON");
        text.push('\n');
        files::replace_private(&path, text.as_bytes()).map_err(|source| FolderError::Unusable { path, source })
    }

    /// Where the folder's server is found, if its process is alive. Whether it is the one that still holds the folder,
    /// only the lock tells.
    pub fn find_running(&self, of: RunFileOf) -> Option<RunFile> {
        let text = files::read_small(&self.run_file(of), MAX_RUN_FILE_BYTES).ok()?;
        serde_json::from_str::<RunFile>(&text).ok().filter(|run| is_alive(run.pid))
    }

    /// Who has taken the folder and has not said yet where it is found: it is starting, or is something else than a
    /// server. Like a run file, what the lock file of a dead process says means nothing.
    pub fn find_silent_holder(&self) -> Option<Holder> {
        let mut file = File::open(self.0.join("lock")).ok()?;
        let holder = read_holder(&mut file);
        let announced = || self.find_running(RunFileOf::Server).is_some_and(|run| run.pid == holder.pid);
        (is_alive(holder.pid) && !announced()).then_some(holder)
    }

    /// Takes the word back. A file that is gone already is fine.
    pub fn withdraw(&self, of: RunFileOf) {
        let path = self.run_file(of);
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(path = %path.display(), %error, "cannot remove a run file"),
        }
    }
}

/// Whether there is such a process; one that belongs to somebody else counts.
fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(
        |pid| !matches!(rustix::process::test_kill_process(pid), Err(errno) if errno == rustix::io::Errno::SRCH),
    )
}

/// Who the lock file names. Whoever has just taken the lock may not have written yet.
fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    let unknown = || Holder { pid: 0, purpose: "starting".into() };
    read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_else(unknown)
}

fn write_holder(file: &mut File, holder: &Holder) -> io::Result<()> {
    let text = serde_json::to_string(holder).expect("a number and a text are JSON");
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_and_the_other_is_named() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(scratch.path().join("a/b"));
        folder.make().unwrap();
        let lock = folder.lock("a test").unwrap();
        let holder = Holder { pid: std::process::id(), purpose: "a test".into() };
        // A second open file is another holder to flock, as another process would be.
        let refused = folder.lock("another test");
        assert!(matches!(&refused, Err(FolderError::Held { holder: named, .. }) if *named == holder), "{refused:?}");
        drop(lock);
        folder.lock("another test").unwrap();
    }

    #[test]
    fn who_holds_a_folder_and_says_nothing_is_named() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(scratch.path());
        assert_eq!(folder.find_silent_holder(), None);
        let _lock = folder.lock("landfall serve").unwrap();
        let holder = Holder { pid: std::process::id(), purpose: "landfall serve".into() };
        assert_eq!(folder.find_silent_holder(), Some(holder));
        folder.announce(RunFileOf::Server, RunAddresses { api: None, store: None }).unwrap();
        assert_eq!(folder.find_silent_holder(), None);
        // What a process left that was killed. No process has the highest number there is.
        std::fs::write(scratch.path().join("lock"), format!("{{\"pid\":{},\"purpose\":\"x\"}}", i32::MAX)).unwrap();
        assert_eq!(folder.find_silent_holder(), None);
    }

    #[test]
    fn run_files_come_and_go() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(scratch.path());
        assert_eq!(folder.find_running(RunFileOf::Server), None);
        let addresses = RunAddresses { api: Some("http://127.0.0.1:8080".into()), store: None };
        folder.announce(RunFileOf::Server, addresses.clone()).unwrap();
        let found = folder.find_running(RunFileOf::Server).unwrap();
        assert_eq!((found.addresses, found.pid), (addresses, std::process::id()));
        folder.withdraw(RunFileOf::Server);
        folder.withdraw(RunFileOf::Server);
        assert_eq!(folder.find_running(RunFileOf::Server), None);
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "nothing is left behind");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("a file");
        std::fs::write(&file, "").unwrap();
        let refused = DataFolder::new(file.join("below")).make().unwrap_err();
        assert!(refused.to_string().contains("a file/below"), "{refused}");
    }
}
