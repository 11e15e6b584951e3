//! One bucket: its settings, its keys, its uploads, and the locks that order their changes.
//!
//! Lock order, outermost first: the bucket's gate, a key's stripe, an upload's state, then the index, the list of uploads
//! or what is unsettled. *Invariant:* the index follows the record on disk while the key's stripe is held, so a listing
//! never shows what a GET would not find.
//!
//! A change of which nobody knows whether the disk took it leaves its key *unsettled*. [`Bucket::settle`] looks what is on
//! the disk and brings it to an end, under the key's stripe, before anything else is done with the key or its uploads;
//! a start does the same by the same functions.

use super::index::Index;
use super::layout::{Layout, WriteError};
use super::manifest::{BucketRecord, Id, KeyRecord, Version};
use super::pins::Pins;
use super::uploads::{Upload, Uploads};
use crate::refusal::Refusal;
use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    io,
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
    /// Settings of which it is not known whether the disk took them.
    doubtful_record: Mutex<Option<BucketRecord>>,
    gate: RwLock<Gate>,
    pub(super) index: RwLock<Index>,
    stripes: [Mutex<()>; STRIPES],
    hasher: RandomState,
    pub(super) uploads: RwLock<Uploads>,
    unsettled: Mutex<HashMap<Box<str>, Unsettled>>,
    /// Records of keys that cannot be read: the names of their files without the ending, and why.
    damaged: Mutex<BTreeMap<String, String>>,
}

/// What has to be found out about a key before anybody goes on with it.
#[derive(Clone, Debug, Default)]
struct Unsettled {
    /// A change of its record that perhaps happened.
    change: Option<(Vec<Version>, KeyRecord)>,
    /// Uploads whose end, or parts, are in doubt.
    uploads: Vec<Arc<Upload>>,
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
            doubtful_record: Mutex::default(),
            gate: RwLock::new(Gate::Open),
            index: RwLock::default(),
            stripes: std::array::from_fn(|_| Mutex::new(())),
            hasher: RandomState::new(),
            uploads: RwLock::default(),
            unsettled: Mutex::default(),
            damaged: Mutex::default(),
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
        match self.layout.store_json(&self.layout.bucket_record(&self.name), &next) {
            Ok(()) => *current = Arc::new(next),
            Err(WriteError::Before(error)) => return Err(error.into()),
            Err(WriteError::Perhaps(error)) => {
                *lock(&self.doubtful_record) = Some(next);
                return Err(Refusal::Unsettled(error));
            }
        }
        Ok(())
    }

    /// Settings that were perhaps changed count as unchanged until the disk has told.
    fn settle_record(&self) -> Result<(), Refusal> {
        if lock(&self.doubtful_record).is_none() {
            return Ok(());
        }
        let mut current = self.record.write().unwrap_or_else(PoisonError::into_inner);
        let mut doubtful = lock(&self.doubtful_record);
        let Some(next) = &*doubtful else { return Ok(()) };
        let path = self.layout.bucket_record(&self.name);
        if self.layout.settle_json(&path, next).map_err(Refusal::Unsettled)? {
            *current = Arc::new(next.clone());
        }
        *doubtful = None;
        Ok(())
    }

    /// Reads the index; hold it briefly.
    pub(crate) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a change in, unless the bucket is deleted.
    pub(super) fn admit(&self) -> Result<Admission<'_>, Refusal> {
        let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        match *gate {
            Gate::Open => {
                self.settle_record()?;
                Ok(Admission(gate))
            }
            Gate::Deleted => Err(Refusal::NoSuchBucket),
        }
    }

    /// Whether it was deleted, perhaps only in memory so far.
    pub(super) fn is_deleted(&self) -> bool {
        *self.gate.read().unwrap_or_else(PoisonError::into_inner) == Gate::Deleted
    }

    /// From here on it takes no changes; harmless if it was closed before.
    pub(super) fn close_if_empty(&self) -> Result<(), Refusal> {
        self.settle_all()?;
        let mut gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let is_settled = lock(&self.unsettled).is_empty() && lock(&self.damaged).is_empty();
        if !self.index().is_empty() || !is_settled {
            return Err(Refusal::BucketNotEmpty);
        }
        *gate = Gate::Deleted;
        Ok(())
    }

    /// Removes the parts of what was never completed in a bucket that is gone: open uploads do not keep one, as on AWS.
    pub(super) fn discard_uploads(&self) {
        let open: Vec<Arc<Upload>> =
            self.with_uploads(|uploads| uploads.open().values().flat_map(BTreeMap::values).cloned().collect());
        for upload in open {
            super::blob::discard(&self.layout, &upload.end());
        }
    }

    /// Takes changes again after a deletion that certainly failed.
    pub(super) fn reopen(&self) {
        *self.gate.write().unwrap_or_else(PoisonError::into_inner) = Gate::Open;
    }

    /// Orders changes and openings of one key.
    pub(super) fn lock_key(&self, key: &str) -> MutexGuard<'_, ()> {
        #[expect(clippy::cast_possible_truncation, reason = "only the low bits matter")]
        let stripe = self.hasher.hash_one(key) as usize % STRIPES;
        self.stripes[stripe].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one way to a key: its lock, with nothing about it in doubt any more, and its record.
    pub(super) fn enter(&self, key: &str) -> Result<(MutexGuard<'_, ()>, KeyRecord), Refusal> {
        let guard = self.lock_key(key);
        let record = self.settled_record(key)?;
        Ok((guard, record))
    }

    /// As [`Bucket::enter`], under the key's lock.
    pub(super) fn settled_record(&self, key: &str) -> Result<KeyRecord, Refusal> {
        self.settle(key)?;
        self.load_key(key)
    }

    /// The key's record; one without versions when there is none. Call under the key's lock.
    fn load_key(&self, key: &str) -> Result<KeyRecord, Refusal> {
        let path = self.layout.key_record(&self.name, key);
        if self.index().contains(key) {
            return self.layout.load_json(&path).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::InvalidData => Refusal::Damaged(error.to_string()),
                _ => error.into(),
            });
        }
        let Some(reason) = self.find_damage(key) else {
            return Ok(KeyRecord { key: key.to_owned(), versions: Vec::new() });
        };
        // Somebody may have put it right meanwhile.
        match self.layout.load_json::<KeyRecord>(&path) {
            Ok(record) if record.key == key => {
                lock(&self.damaged).remove(&Layout::key_stem(key));
                self.index.write().unwrap_or_else(PoisonError::into_inner).apply(&record);
                Ok(record)
            }
            Ok(_) | Err(_) => Err(Refusal::Damaged(reason)),
        }
    }

    fn find_damage(&self, key: &str) -> Option<String> {
        let damaged = lock(&self.damaged);
        if damaged.is_empty() { None } else { damaged.get(&Layout::key_stem(key)).cloned() }
    }

    /// Sets a record aside that cannot be read; `stem` is its file's name without the ending.
    pub(super) fn quarantine(&self, stem: String, reason: String) {
        lock(&self.damaged).insert(stem, reason);
    }

    /// Whether a key's record is set aside.
    pub(super) fn is_quarantined(&self, key: &str) -> bool {
        self.find_damage(key).is_some()
    }

    /// Keys whose records cannot be read.
    pub(crate) fn quarantined(&self) -> usize {
        lock(&self.damaged).len()
    }

    /// Removes a record that cannot be read: what an explicit delete of its key comes to. Call under the key's lock.
    pub(super) fn remove_damaged(&self, key: &str) -> Result<(), Refusal> {
        let path = self.layout.key_record(&self.name, key);
        match self.layout.remove_durably(&path) {
            Err(WriteError::Before(error)) if error.kind() == io::ErrorKind::IsADirectory => {
                self.layout.remove_tree(&path)?;
                self.layout.sync_parent(&path)?;
            }
            removed => removed?,
        }
        lock(&self.damaged).remove(&Layout::key_stem(key));
        let gone = KeyRecord { key: key.to_owned(), versions: Vec::new() };
        self.index.write().unwrap_or_else(PoisonError::into_inner).apply(&gone);
        Ok(())
    }

    /// Whether anything in the bucket is in doubt.
    pub(crate) fn is_unsettled(&self) -> bool {
        !lock(&self.unsettled).is_empty()
    }

    /// Brings everything that is in doubt to an end. A key whose record is damaged does not keep the others from it.
    pub(crate) fn settle_all(&self) -> Result<(), Refusal> {
        let keys: Vec<Box<str>> = lock(&self.unsettled).keys().cloned().collect();
        for key in keys {
            let _key = self.lock_key(&key);
            match self.settle(&key) {
                Ok(()) | Err(Refusal::Damaged(_)) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(())
    }

    /// Notes that an upload's end or parts are in doubt. Call with its state locked.
    pub(super) fn leave_unsettled(&self, upload: &Arc<Upload>) {
        let mut unsettled = lock(&self.unsettled);
        let uploads = &mut unsettled.entry(upload.record.key.as_str().into()).or_default().uploads;
        if !uploads.iter().any(|known| known.id == upload.id) {
            uploads.push(Arc::clone(upload));
        }
    }

    /// Takes an upload back that is settled. Call with its state locked.
    pub(super) fn note_settled(&self, upload: &Upload) {
        self.update_unsettled(&upload.record.key, |found| found.uploads.retain(|known| known.id != upload.id));
    }

    fn update_unsettled(&self, key: &str, update: impl FnOnce(&mut Unsettled)) {
        let mut unsettled = lock(&self.unsettled);
        let Some(found) = unsettled.get_mut(key) else { return };
        update(found);
        if found.change.is_none() && found.uploads.is_empty() {
            unsettled.remove(key);
        }
    }

    /// Finds out what became of changes that perhaps happened to a key and to its uploads, and goes on from there. Call
    /// under the key's lock, before anything else is done with either.
    pub(super) fn settle(&self, key: &str) -> Result<(), Refusal> {
        let Some(found) = lock(&self.unsettled).get(key).cloned() else { return Ok(()) };
        if let Some((before, after)) = &found.change {
            let path = self.layout.key_record(&self.name, key);
            let happened = if after.versions.is_empty() {
                self.layout.settle_removal(&path)
            } else {
                self.layout.settle_json(&path, after)
            };
            if happened.map_err(Refusal::Unsettled)? {
                self.apply(before, after);
            } else {
                // What was put there without an upload is nobody's now; an upload's parts are still its own.
                let is_new = |object: &&super::manifest::ObjectRecord| {
                    object.upload.is_none() && !names_generation(before, object.generation)
                };
                for object in after.versions.iter().filter_map(Version::object).filter(is_new) {
                    self.pins.retire(object.generation, object.blobs());
                }
            }
            self.update_unsettled(key, |found| found.change = None);
        }
        if !found.uploads.is_empty() {
            let record = self.load_key(key)?;
            for upload in &found.uploads {
                self.settle_upload(upload, &record)?;
            }
        }
        Ok(())
    }

    /// The one place where an object, or its end, becomes durable and visible: the record, then the index. Call under
    /// the key's lock; `before` and `after` are told apart so that blobs no version names any more go away.
    pub(super) fn record_key(&self, before: &[Version], after: &KeyRecord) -> Result<(), Refusal> {
        self.release_uploads(before, after)?;
        let path = self.layout.key_record(&self.name, &after.key);
        let done = if after.versions.is_empty() {
            self.layout.remove_durably(&path)
        } else {
            self.layout.store_json(&path, after)
        };
        if let Err(WriteError::Perhaps(error)) = done {
            let mut unsettled = lock(&self.unsettled);
            unsettled.entry(after.key.as_str().into()).or_default().change = Some((before.to_vec(), after.clone()));
            return Err(Refusal::Unsettled(error));
        }
        done?;
        self.apply(before, after);
        Ok(())
    }

    fn apply(&self, before: &[Version], after: &KeyRecord) {
        self.index.write().unwrap_or_else(PoisonError::into_inner).apply(after);
        for object in before.iter().filter_map(Version::object) {
            if !names_generation(&after.versions, object.generation) {
                self.pins.retire(object.generation, object.blobs());
            }
        }
    }

    /// A version tells a later start that its upload was completed, as long as the upload's own record does not. So such
    /// a version goes only after that upload is forgotten, or the start would open it again, without its parts.
    fn release_uploads(&self, before: &[Version], after: &KeyRecord) -> Result<(), Refusal> {
        for object in before.iter().filter_map(Version::object) {
            if let Some(id) = object.upload
                && !names_generation(&after.versions, object.generation)
            {
                self.forget_unrecorded(id)?;
            }
        }
        Ok(())
    }
}

/// Locks what no panic leaves half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn names_generation(versions: &[Version], generation: Id) -> bool {
    versions.iter().filter_map(Version::object).any(|object| object.generation == generation)
}
