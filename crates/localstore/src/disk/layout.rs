//! Where everything lies below the store's folder, and how a small file becomes durable.
//!
//! ```text
//! format.json            what made this folder
//! .lock                  held while a process serves it
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

use super::manifest::Id;
use crate::entropy;
use data_encoding::HEXLOWER;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The folder's paths.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(crate) const fn new(root: PathBuf) -> Self {
        Self { root }
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
        let name = HEXLOWER.encode(&Sha256::digest(key.as_bytes()));
        self.keys(bucket).join(&name[..2]).join(format!("{name}.json"))
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
    pub(crate) fn create_temporary(&self) -> io::Result<(File, TemporaryPath)> {
        let path = TemporaryPath(Some(self.temporary().join(entropy::random_id().to_string())));
        let file = File::options().write(true).create_new(true).open(path.as_path())?;
        Ok((file, path))
    }

    /// Replaces the file at `path` by `value` in one step that survives a crash: the old content or the new one, never
    /// a mixture, and the new one for certain once this returns.
    pub(crate) fn store_json<T: Serialize>(&self, path: &Path, value: &T) -> io::Result<()> {
        let bytes = serde_json::to_vec(value).map_err(io::Error::other)?;
        let (mut file, temporary) = self.create_temporary()?;
        file.write_all(&bytes)?;
        file.sync_data()?;
        temporary.publish(path)
    }
}

/// Reads what [`Layout::store_json`] wrote; a file that cannot be understood is an error that names it.
pub(crate) fn load_json<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let bytes = fs::read(path)?;
    serde_json::from_slice(&bytes)
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {e}", path.display())))
}

/// Removes a file durably; one that is gone already is no error.
pub(crate) fn remove_durably(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_parent(path),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

/// Makes a rename or removal in the folder of `path` survive a crash.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes the entries of a folder survive a crash.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes the 256 folders `00`..`ff` and lets them survive a crash.
pub(crate) fn create_fan(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for byte in 0..=u8::MAX {
        let path = folder.join(HEXLOWER.encode(&[byte]));
        match fs::create_dir(&path) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    sync_folder(folder)
}

/// A path in `tmp` that is removed unless it was published.
#[derive(Debug)]
pub(crate) struct TemporaryPath(Option<PathBuf>);

impl TemporaryPath {
    fn as_path(&self) -> &Path {
        self.0.as_deref().expect("a temporary path is taken only by publish")
    }

    /// Moves the finished file to its place, replacing what was there, durably.
    pub(crate) fn publish(mut self, place: &Path) -> io::Result<()> {
        fs::rename(self.as_path(), place)?;
        self.0 = None;
        sync_parent(place)
    }
}

impl Drop for TemporaryPath {
    fn drop(&mut self) {
        if let Some(path) = &self.0
            && let Err(error) = fs::remove_file(path)
        {
            tracing::warn!(path = %path.display(), %error, "a temporary file stays until the next start");
        }
    }
}
