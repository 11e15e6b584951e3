//! Room that is kept back on the disk, so that a disk filled through the store has a way out.
//!
//! Two halves. *Free space*: bodies, copies and new uploads are refused while less than the reserve would be left; what
//! makes room (deletes, aborts), and the small records of what is under way, may use it, and so may whatever else lies
//! on the disk, a catalog say. *A file* of a quarter of it in the store's folder: for a disk that others filled to the
//! last block. It is given up when a record finds no space, when the watch sees the disk full, and by [`make_room`] before a
//! program opens what lies beside the store; it is made again when there is room.

use super::door::{Door, Space};
use super::layout::Layout;
use std::{io, path::Path};

/// What is kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// Bytes that stay free; 0 keeps nothing back.
    pub bytes: u64,
    /// Percent of the disk's files that stay free, 0 to 100, where the file system has a limit.
    pub inodes_percent: u8,
}

impl Default for Reserve {
    /// 64 MiB and 1 %: the records of some ten thousand changes, or as much for a catalog beside the store.
    fn default() -> Self {
        Self { bytes: 64 << 20, inodes_percent: 1 }
    }
}

impl Reserve {
    /// The length of the file.
    const fn file_bytes(self) -> u64 {
        self.bytes / 4
    }

    /// Whether so many bytes more leave the reserve free.
    pub(super) fn admits(self, space: Space, more: u64) -> bool {
        let kept_inodes = u128::from(space.inodes) * u128::from(self.inodes_percent);
        space.free_bytes >= self.bytes.saturating_add(more) && u128::from(space.free_inodes) * 100 >= kept_inodes
    }
}

/// Whether an error says that the disk takes no more.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

impl Layout {
    /// Refuses a body of so many bytes if it would not leave the reserve free.
    pub(crate) fn require_room(&self, bytes: u64) -> io::Result<()> {
        if self.reserve == (Reserve { bytes: 0, inodes_percent: 0 }) || self.has_room(bytes)? {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::StorageFull, "less than the reserve of the disk would be left"))
    }

    /// Whether so many bytes more leave the reserve free.
    pub(super) fn has_room(&self, bytes: u64) -> io::Result<bool> {
        Ok(self.reserve.admits(self.door.space(self.root())?, bytes))
    }

    /// Gives the file up. Whether there was one.
    pub(super) fn release_reserve(&self) -> bool {
        let released = self.door.remove(&self.reserve_file()).is_ok();
        if released {
            tracing::error!(
                "the reserve file of the store's disk is given up: the disk is full, or its length was changed"
            );
        }
        released
    }

    /// Gives the file up on a full disk, and makes it again where there is room. Harmless as often as one likes.
    pub(super) fn keep_reserve(&self) -> io::Result<()> {
        let wanted = self.reserve.file_bytes();
        let space = self.door.space(self.root())?;
        match self.door.size(&self.reserve_file())? {
            Some(found) if found != wanted || space.free_bytes < wanted => {
                self.release_reserve();
                Ok(())
            }
            None if wanted > 0 && self.reserve.admits(space, 2 * wanted) => {
                let made = self.door.allocate(&self.reserve_file(), wanted);
                made.inspect_err(|_| drop(self.door.remove(&self.reserve_file())))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Gives up the reserve file of the store in `root` if its disk is full: for whoever opens something beside it first. A
/// folder that is not there, or no store, is fine.
pub fn make_room(root: &Path) {
    let layout = Layout::new(root.to_owned(), Door::default(), Reserve::default());
    let is_full = || -> io::Result<bool> {
        let Some(kept) = layout.door.size(&layout.reserve_file())? else { return Ok(false) };
        Ok(layout.door.space(root)?.free_bytes < kept)
    };
    if is_full().unwrap_or(false) {
        layout.release_reserve();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_stays_free() {
        let reserve = Reserve { bytes: 100, inodes_percent: 1 };
        let space = |free_bytes, free_inodes| Space { free_bytes, free_inodes, inodes: 1_000 };
        assert!(reserve.admits(space(150, 10), 50));
        assert!(!reserve.admits(space(150, 10), 51));
        assert!(!reserve.admits(space(150, 9), 50), "files count as well");
        assert!(reserve.admits(Space { free_bytes: 150, free_inodes: 0, inodes: 0 }, 50), "no limit of files");
    }
}
