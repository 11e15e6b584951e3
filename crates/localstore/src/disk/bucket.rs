//! One bucket: its settings, its keys, its uploads, and the locks that order their changes.
//!
//! Lock order, outermost first: the bucket's gate, an upload's state, a key's stripe, the index. *Invariant:* the index
//! follows the record on disk while the key's stripe is held, so a listing never shows what a GET would not find.

use super::index::Index;
use super::layout::{self, Layout};
use super::manifest::{BucketRecord, Content, Id, KeyRecord, Version};
use super::pins::Pins;
use super::uploads::Uploads;
use crate::refusal::Refusal;
use std::{
    hash::{BuildHasher, RandomState},
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard},
};

/// Keys that change at once must not share a lock too often; 64 is plenty for the threads there are.
const STRIPES: usize = 64;

/// A bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(super) layout: Layout,
    pub(super) pins: Arc<Pins>,
    record: RwLock<Arc<BucketRecord>>,
    gate: RwLock<Gate>,
    pub(super) index: RwLock<Index>,
    stripes: [Mutex<()>; STRIPES],
    hasher: RandomState,
    pub(super) uploads: RwLock<Uploads>,
}

/// Whether the bucket still takes changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Open,
    Deleted,
}

/// While it lives, the bucket is not deleted.
pub(super) struct Admission<'a>(#[expect(dead_code, reason = "held, not read")] RwLockReadGuard<'a, Gate>);

impl Bucket {
    pub(super) fn new(name: String, layout: Layout, pins: Arc<Pins>, record: BucketRecord) -> Self {
        Self {
            name,
            layout,
            pins,
            record: RwLock::new(Arc::new(record)),
            gate: RwLock::new(Gate::Open),
            index: RwLock::default(),
            stripes: std::array::from_fn(|_| Mutex::new(())),
            hasher: RandomState::new(),
            uploads: RwLock::default(),
        }
    }

    /// The folder's paths.
    pub(crate) const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The bucket's settings as they are now.
    pub(crate) fn record(&self) -> Arc<BucketRecord> {
        Arc::clone(&self.record.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the bucket's settings durably.
    pub(crate) fn change(&self, change: impl FnOnce(&mut BucketRecord)) -> Result<(), Refusal> {
        let _admission = self.admit()?;
        let mut current = self.record.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = BucketRecord::clone(&current);
        change(&mut next);
        self.layout.store_json(&self.layout.bucket_record(&self.name), &next)?;
        *current = Arc::new(next);
        Ok(())
    }

    /// Reads the index; hold it briefly.
    pub(crate) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn admit(&self) -> Result<Admission<'_>, Refusal> {
        let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        match *gate {
            Gate::Open => Ok(Admission(gate)),
            Gate::Deleted => Err(Refusal::NoSuchBucket),
        }
    }

    pub(super) fn close_if_empty(&self) -> Result<(), Refusal> {
        let mut gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let uploads = self.uploads.read().unwrap_or_else(PoisonError::into_inner);
        if !self.index().is_empty() || uploads.has_open() {
            return Err(Refusal::BucketNotEmpty);
        }
        *gate = Gate::Deleted;
        Ok(())
    }

    /// Orders changes and openings of one key.
    pub(super) fn lock_key(&self, key: &str) -> MutexGuard<'_, ()> {
        #[expect(clippy::cast_possible_truncation, reason = "only the low bits matter")]
        let stripe = self.hasher.hash_one(key) as usize % STRIPES;
        self.stripes[stripe].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key's record; one without versions when there is none. Call under the key's lock.
    pub(super) fn load_key(&self, key: &str) -> io::Result<KeyRecord> {
        let absent = || KeyRecord { key: key.to_owned(), versions: Vec::new() };
        if !self.index().contains(key) {
            return Ok(absent());
        }
        layout::load_json(&self.layout.key_record(&self.name, key))
    }

    /// A record may have changed although its write failed: the rename is done, its folder could not be synced. The index
    /// follows what the next start would find, as far as the disk can still be read.
    fn believe_the_disk(&self, path: &Path, key: &str) {
        let found = match layout::load_json(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                KeyRecord { key: key.to_owned(), versions: Vec::new() }
            }
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "a record cannot be read back after a failed write");
                return;
            }
            Ok(found) => found,
        };
        self.index.write().unwrap_or_else(PoisonError::into_inner).apply(&found);
    }

    /// The one place where an object, or its end, becomes durable and visible: the record, then the index. Call under
    /// the key's lock; `before` and `after` are told apart so that blobs no version names any more go away.
    pub(super) fn record_key(&self, before: &[Version], after: &KeyRecord) -> io::Result<()> {
        let path = self.layout.key_record(&self.name, &after.key);
        let done = if after.versions.is_empty() {
            layout::remove_durably(&path)
        } else {
            self.layout.store_json(&path, after)
        };
        if let Err(error) = done {
            self.believe_the_disk(&path, &after.key);
            return Err(error);
        }
        self.index.write().unwrap_or_else(PoisonError::into_inner).apply(after);
        for version in before {
            let Content::Object(object) = &version.content else { continue };
            let kept = after.versions.iter().filter_map(Version::object).any(|o| o.generation == object.generation);
            if !kept {
                let blobs: Vec<Id> = object.segments.iter().map(|segment| segment.blob).collect();
                self.pins.retire(object.generation, blobs);
            }
        }
        Ok(())
    }
}
