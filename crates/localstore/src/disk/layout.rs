//! Where everything lies below the store's folder, and how a small file becomes durable.
//!
//! ```text
//! format.json            what made this folder
//! .lock                  held while a process serves it
//! reserve                room kept back on the disk
//! tmp/                   what is being written; emptied at start
//! blobs/hh/<id>          bytes; written once, never changed
//! buckets/<name>/bucket.json
//! buckets/<name>/keys/hh/<sha256 of the key>.json
//! buckets/<name>/uploads/<id>/upload.json
//! buckets/<name>/uploads/<id>/<part number>.json
//! ```
//!
//! No name on disk is made of a key's text, so no key can leave the folder or be too long for it; bucket names are
//! checked against S3's rules before they come here. *Invariant:* a name in `blobs` or `buckets` is complete; whatever
//! is half written lies in `tmp`.

use super::door::{Door, Kind, OpenFile};
use super::manifest::Id;
use super::reserve::{Reserve, is_full};
use crate::entropy;
use data_encoding::HEXLOWER;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    io::{self, IoSlice},
    path::{Path, PathBuf},
};

/// Why a durable change failed. The call that failed tells which: whatever comes before the rename or the removal has
/// changed nothing, also when the disk was full; the rename, the removal and the sync of the folder may have.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// What was there is still there, durably.
    #[error("the disk did not take a change")]
    Before(#[from] io::Error),
    /// What was there, or the change; a loss of power may still bring back the other.
    #[error("it is not known whether the disk took a change")]
    Perhaps(#[source] io::Error),
}

/// The folder's paths, and what is done to the small files behind them.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: PathBuf,
    pub(super) door: Door,
    pub(super) reserve: Reserve,
}

impl Layout {
    pub(crate) const fn new(root: PathBuf, door: Door, reserve: Reserve) -> Self {
        Self { root, door, reserve }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join(".lock")
    }

    pub(crate) fn format(&self) -> PathBuf {
        self.root.join("format.json")
    }

    pub(crate) fn reserve_file(&self) -> PathBuf {
        self.root.join("reserve")
    }

    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    pub(crate) fn blob(&self, id: Id) -> PathBuf {
        let name = id.to_string();
        self.blobs().join(&name[..2]).join(name)
    }

    pub(crate) fn buckets(&self) -> PathBuf {
        self.root.join("buckets")
    }

    pub(crate) fn bucket(&self, name: &str) -> PathBuf {
        self.buckets().join(name)
    }

    pub(crate) fn bucket_record(&self, name: &str) -> PathBuf {
        self.bucket(name).join("bucket.json")
    }

    pub(crate) fn keys(&self, bucket: &str) -> PathBuf {
        self.bucket(bucket).join("keys")
    }

    pub(crate) fn key_record(&self, bucket: &str, key: &str) -> PathBuf {
        let stem = Self::key_stem(key);
        self.keys(bucket).join(&stem[..2]).join(format!("{stem}.json"))
    }

    /// What a key's record is called, without its ending.
    pub(crate) fn key_stem(key: &str) -> String {
        HEXLOWER.encode(&Sha256::digest(key.as_bytes()))
    }

    pub(crate) fn uploads(&self, bucket: &str) -> PathBuf {
        self.bucket(bucket).join("uploads")
    }

    pub(crate) fn upload(&self, bucket: &str, id: Id) -> PathBuf {
        self.uploads(bucket).join(id.to_string())
    }

    pub(crate) fn upload_record(&self, bucket: &str, id: Id) -> PathBuf {
        self.upload(bucket, id).join("upload.json")
    }

    pub(crate) fn part_record(&self, bucket: &str, id: Id, number: u16) -> PathBuf {
        self.upload(bucket, id).join(format!("{number:05}.json"))
    }

    /// A fresh file in `tmp`, and its path.
    pub(crate) fn create_temporary(&self) -> io::Result<(OpenFile, TemporaryPath)> {
        let path = self.temporary().join(entropy::random_id().to_string());
        let file = self.door.create(&path)?;
        Ok((file, TemporaryPath { path: Some(path), door: self.door.clone() }))
    }

    /// Reads what [`Layout::store_json`] wrote; a file that cannot be understood is [`io::ErrorKind::InvalidData`], and
    /// the error names it.
    pub(crate) fn load_json<T: DeserializeOwned>(&self, path: &Path) -> io::Result<T> {
        let bytes = self.door.read(path)?;
        serde_json::from_slice(&bytes)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {e}", path.display())))
    }

    /// Replaces the file at `path` by `value` in one step that survives a crash: the old content or the new one, never
    /// a mixture, and the new one for certain once this returns. What perhaps happened is looked at once more here, so
    /// that [`WriteError::Perhaps`] is left for a disk that keeps failing.
    pub(crate) fn store_json<T>(&self, path: &Path, value: &T) -> Result<(), WriteError>
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        let mut done = self.write_json(path, value);
        if matches!(&done, Err(WriteError::Before(error)) if is_full(error)) && self.release_reserve() {
            done = self.write_json(path, value);
        }
        settled(done, || self.settle_json(path, value))
    }

    fn write_json<T: Serialize>(&self, path: &Path, value: &T) -> Result<(), WriteError> {
        let bytes = serde_json::to_vec(value).map_err(io::Error::other)?;
        let (mut file, temporary) = self.create_temporary()?;
        file.write(&mut [IoSlice::new(&bytes)])?;
        file.sync()?;
        temporary.publish(path)
    }

    /// After a change that perhaps happened: whether `value` is there, and if so, durably. The record is written anew,
    /// because a sync that failed may have given up what it failed on, and the next one would not know.
    pub(super) fn settle_json<T>(&self, path: &Path, value: &T) -> io::Result<bool>
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        match self.load_json::<T>(path) {
            Ok(found) if found == *value => match self.write_json(path, value) {
                Ok(()) => Ok(true),
                Err(WriteError::Before(error) | WriteError::Perhaps(error)) => Err(error),
            },
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes a file durably; one that is gone already is no error. It takes no space.
    pub(crate) fn remove_durably(&self, path: &Path) -> Result<(), WriteError> {
        let removed = match self.door.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(WriteError::Perhaps(error)),
            Ok(()) | Err(_) => self.sync_parent(path).map_err(WriteError::Perhaps),
        };
        settled(removed, || self.settle_removal(path))
    }

    /// After a removal that perhaps happened: whether the file is gone, and if so, durably.
    pub(super) fn settle_removal(&self, path: &Path) -> io::Result<bool> {
        match self.door.size(path)? {
            Some(_) => Ok(false),
            None => self.sync_parent(path).map(|()| true),
        }
    }

    /// Makes a rename or removal in the folder of `path` survive a loss of power.
    pub(crate) fn sync_parent(&self, path: &Path) -> io::Result<()> {
        path.parent().map_or(Ok(()), |folder| self.door.sync_folder(folder))
    }

    /// Makes a folder, and those above it, unless they are there.
    pub(crate) fn make_folders(&self, folder: &Path) -> io::Result<()> {
        match self.door.make_folder(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                folder.parent().map_or(Ok(()), |above| self.make_folders(above))?;
                self.door.make_folder(folder)
            }
            made => made,
        }
    }

    /// Makes the 256 folders `00`..`ff` and lets them survive a loss of power.
    pub(crate) fn create_fan(&self, folder: &Path) -> io::Result<()> {
        self.make_folders(folder)?;
        let there: BTreeSet<String> = self.door.list(folder)?.into_iter().map(|(name, _)| name).collect();
        for name in fan().filter(|name| !there.contains(name)) {
            self.door.make_folder(&folder.join(name))?;
        }
        self.door.sync_folder(folder)
    }

    /// Removes a folder with everything in it.
    pub(crate) fn remove_tree(&self, folder: &Path) -> io::Result<()> {
        let names = match self.door.list(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            names => names?,
        };
        for (name, kind) in names {
            let path = folder.join(name);
            match kind {
                Kind::Folder => self.remove_tree(&path)?,
                Kind::File | Kind::Other => self.door.remove(&path)?,
            }
        }
        self.door.remove_folder(folder)
    }

    /// Removes the folder of an upload that is gone already, but nothing in it that is not of this store. A failure is made
    /// good at the next start.
    pub(super) fn remove_upload(&self, folder: &Path) {
        let removed = self.door.list(folder).and_then(|names| {
            let is_ours = |name: &str| name == "upload.json" || part_number(name).is_some();
            for (name, _) in names.iter().filter(|(name, _)| is_ours(name)) {
                self.door.remove(&folder.join(name))?;
            }
            self.door.remove_folder(folder)
        });
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %folder.display(), %error, "the folder of an ended upload stays");
            }
            Ok(()) | Err(_) => {}
        }
    }

    /// Removes a folder whose meaning is gone already; a failure is made good at the next start.
    pub(super) fn remove_leftover(&self, folder: &Path) {
        if let Err(error) = self.remove_tree(folder) {
            tracing::warn!(path = %folder.display(), %error, "a leftover folder stays until the next start");
        }
    }
}

/// The number in the name of a part's record.
pub(super) fn part_number(file: &str) -> Option<u16> {
    let stem = file.strip_suffix(".json").filter(|stem| stem.len() == 5)?;
    stem.parse().ok()
}

/// The names of a fan's folders.
pub(super) fn fan() -> impl Iterator<Item = String> {
    (0..=u8::MAX).map(|byte| HEXLOWER.encode(&[byte]))
}

/// What a change comes to after a second look at what perhaps happened.
fn settled(done: Result<(), WriteError>, look: impl FnOnce() -> io::Result<bool>) -> Result<(), WriteError> {
    let Err(WriteError::Perhaps(error)) = done else { return done };
    match look() {
        Ok(true) => Ok(()),
        Ok(false) => Err(WriteError::Before(error)),
        Err(again) => {
            tracing::error!(%error, %again, "a change of the store is in doubt until the disk answers again");
            Err(WriteError::Perhaps(error))
        }
    }
}

/// A path in `tmp` that is removed unless it was published.
#[derive(Debug)]
pub(crate) struct TemporaryPath {
    path: Option<PathBuf>,
    door: Door,
}

impl TemporaryPath {
    /// Moves the finished file to its place, replacing what was there, durably.
    pub(crate) fn publish(mut self, place: &Path) -> Result<(), WriteError> {
        let path = self.path.as_deref().expect("a temporary path is taken only by publish");
        self.door.rename(path, place).map_err(WriteError::Perhaps)?;
        self.path = None;
        place.parent().map_or(Ok(()), |folder| self.door.sync_folder(folder)).map_err(WriteError::Perhaps)
    }
}

impl Drop for TemporaryPath {
    fn drop(&mut self) {
        if let Some(path) = &self.path
            && let Err(error) = self.door.remove(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "a temporary file stays until the next start");
        }
    }
}
