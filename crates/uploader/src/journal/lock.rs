//! One process at a time.
//!
//! The lock is the operating system's (`flock`), so it ends with its process however that ends. The file is removed by
//! whoever lets go. Another process may have opened it just before: it then holds a file that is no longer there, so
//! whoever locks looks whether its file still is the one at the path.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// An exclusive lock, let go when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    /// Holds the lock while open.
    _file: File,
}

impl Lock {
    /// Takes the lock without waiting. `None` if another process has it.
    pub(super) fn take(path: PathBuf) -> io::Result<Option<Self>> {
        loop {
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            match fs::metadata(&path) {
                Ok(at_path) if at_path.ino() == file.metadata()?.ino() => return Ok(Some(Self { path, _file: file })),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while still locked. If it cannot be removed it stays, empty and harmless.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::Lock;

    #[test]
    fn is_exclusive_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        let lock = Lock::take(path.clone()).unwrap();
        assert!(lock.is_some());
        assert!(Lock::take(path.clone()).unwrap().is_none());
        drop(lock);
        assert!(!path.exists());
        assert!(Lock::take(path).unwrap().is_some());
    }

    #[test]
    fn only_one_of_many_holds_it_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        let inside = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let Some(_lock) = Lock::take(path.clone()).unwrap() else { continue };
                        assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                        inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    }
                });
            }
        });
    }
}
