//! The store itself, without HTTP: buckets, objects, uploads on plain files.
//!
//! Everything here blocks and is called off the asynchronous threads. *Invariant:* bytes become part of the store in
//! exactly two places, [`bucket::Bucket::record_key`] for objects and [`uploads::Upload::record_part`] for parts; both
//! write a record after its blobs are on the disk, so whatever a record names is there.

pub(crate) mod blob;
pub(crate) mod bucket;
mod door;
pub(crate) mod index;
pub(crate) mod layout;
pub(crate) mod manifest;
mod objects;
mod pins;
mod recovery;
mod reserve;
pub(crate) mod uploads;

pub(crate) use door::Door;
pub use door::{DiskCall, DiskFault, DiskFaults};
pub(crate) use objects::{DeleteCondition, Deleted, NewObject, OpenObject, Written};
pub(crate) use recovery::OpenError;
pub(crate) use reserve::is_full;
pub use reserve::{Reserve, make_room};

use crate::refusal::Refusal;
use bucket::Bucket;
use layout::{Layout, WriteError};
use manifest::{BucketRecord, Versioning};
use pins::Pins;
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, PoisonError, RwLock},
};

/// How a store's folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Keys and uploads whose records cannot be read: they answer 500 until they are restored or deleted.
    pub set_aside: usize,
    /// Records of every kind that could not be read at the start. While there are any, no unused bytes are removed.
    pub damaged_at_start: usize,
    /// Files in the folder that are not the store's.
    pub foreign: usize,
    /// Buckets in which the disk has left a change in doubt.
    pub unsettled_buckets: usize,
    /// What the disk still has for this store.
    pub free_bytes: u64,
    /// Files that can still be made; `None` where the file system has no such limit.
    pub free_inodes: Option<u64>,
    /// Whether more than the reserve is free: otherwise parts, objects and copies get 507.
    pub takes_bodies: bool,
}

/// All buckets of one folder.
#[derive(Debug)]
pub(crate) struct Disk {
    layout: Layout,
    pins: Arc<Pins>,
    buckets: RwLock<BTreeMap<String, Arc<Bucket>>>,
    /// Records that could not be read when the folder was opened.
    damaged_at_start: usize,
    /// Files in the folder that are not of this store.
    foreign: usize,
}

impl Disk {
    pub(crate) const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All buckets, by name.
    pub(crate) fn buckets(&self) -> Vec<Arc<Bucket>> {
        let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        buckets.values().filter(|bucket| !bucket.is_deleted()).cloned().collect()
    }

    /// Gives up or makes again what is kept back on the disk.
    pub(crate) fn watch_space(&self) {
        if let Err(error) = self.layout.keep_reserve() {
            tracing::warn!(%error, "the reserve of the store's disk could not be kept");
        }
    }

    /// How the folder is, as far as it is known without looking through it.
    pub(crate) fn condition(&self) -> io::Result<Condition> {
        let buckets = self.buckets();
        let set_aside = buckets
            .iter()
            .map(|bucket| bucket.quarantined() + bucket.with_uploads(uploads::Uploads::quarantined))
            .sum();
        let unsettled = buckets.iter().filter(|bucket| bucket.is_unsettled()).count();
        let space = self.layout.door.space(self.layout.root())?;
        Ok(Condition {
            set_aside,
            damaged_at_start: self.damaged_at_start,
            foreign: self.foreign,
            unsettled_buckets: unsettled,
            free_bytes: space.free_bytes,
            free_inodes: (space.inodes > 0).then_some(space.free_inodes),
            takes_bodies: self.layout.reserve.admits(space, 0),
        })
    }

    pub(crate) fn find_bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        buckets.get(name).filter(|bucket| !bucket.is_deleted()).cloned()
    }

    pub(crate) fn bucket(&self, name: &str) -> Result<Arc<Bucket>, Refusal> {
        self.find_bucket(name).ok_or(Refusal::NoSuchBucket)
    }

    /// Makes an empty bucket; its record comes last, so a crash in between leaves no bucket.
    pub(crate) fn create_bucket(&self, name: &str) -> Result<Arc<Bucket>, Refusal> {
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        match buckets.get(name).cloned() {
            Some(found) if found.is_deleted() => {
                // Its deletion was not finished for want of a disk.
                self.remove_bucket(&found)?;
                buckets.remove(name);
            }
            Some(_) => return Err(Refusal::BucketExists),
            None => {}
        }
        let record = BucketRecord::new(crate::clock::now(), Versioning::Never);
        if let Err(error) = self.make_bucket(name, &record) {
            // Nobody was told of it. What stays is made good by the next try, or is an empty bucket.
            if self.layout.remove_durably(&self.layout.bucket_record(name)).is_ok() {
                self.layout.remove_leftover(&self.layout.bucket(name));
            }
            return Err(error.into());
        }
        let bucket = Arc::new(Bucket::new(name.to_owned(), self.layout.clone(), Arc::clone(&self.pins), record));
        buckets.insert(name.to_owned(), Arc::clone(&bucket));
        Ok(bucket)
    }

    fn make_bucket(&self, name: &str, record: &BucketRecord) -> Result<(), WriteError> {
        self.layout.make_folders(&self.layout.uploads(name))?;
        self.layout.create_fan(&self.layout.keys(name))?;
        self.layout.door.sync_folder(&self.layout.buckets())?;
        self.layout.store_json(&self.layout.bucket_record(name), record)
    }

    /// Removes a bucket that holds no object, and its open uploads with it; writers that are under way find it gone.
    pub(crate) fn delete_bucket(&self, name: &str) -> Result<(), Refusal> {
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get(name).cloned().ok_or(Refusal::NoSuchBucket)?;
        bucket.close_if_empty()?;
        self.remove_bucket(&bucket).inspect_err(|refusal| {
            if refusal.wrote_nothing() {
                bucket.reopen();
            }
        })?;
        buckets.remove(name);
        Ok(())
    }

    fn remove_bucket(&self, bucket: &Bucket) -> Result<(), Refusal> {
        self.layout.remove_durably(&self.layout.bucket_record(&bucket.name))?;
        bucket.discard_uploads();
        self.layout.remove_leftover(&self.layout.bucket(&bucket.name));
        Ok(())
    }
}
