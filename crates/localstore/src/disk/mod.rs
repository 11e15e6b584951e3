//! The store itself, without HTTP: buckets, objects, uploads on plain files.
//!
//! Everything here blocks and is called off the asynchronous threads. *Invariant:* bytes become part of the store in
//! exactly two places, [`bucket::Bucket::record_key`] for objects and [`uploads::Upload::record_part`] for parts; both
//! write a record after its blobs are on the disk, so whatever a record names is there.

pub(crate) mod blob;
pub(crate) mod bucket;
pub(crate) mod index;
pub(crate) mod layout;
pub(crate) mod manifest;
mod objects;
mod pins;
mod recovery;
pub(crate) mod uploads;

pub(crate) use objects::{DeleteCondition, Deleted, NewObject, OpenObject, Written};
pub(crate) use recovery::OpenError;

use crate::refusal::Refusal;
use bucket::Bucket;
use layout::Layout;
use manifest::{BucketRecord, Versioning};
use pins::Pins;
use std::{
    collections::BTreeMap,
    fs, io,
    sync::{Arc, PoisonError, RwLock},
};

/// All buckets of one folder.
#[derive(Debug)]
pub(crate) struct Disk {
    layout: Layout,
    pins: Arc<Pins>,
    buckets: RwLock<BTreeMap<String, Arc<Bucket>>>,
}

impl Disk {
    pub(crate) const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All buckets, by name.
    pub(crate) fn buckets(&self) -> Vec<Arc<Bucket>> {
        self.buckets.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub(crate) fn find_bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        self.buckets.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(crate) fn bucket(&self, name: &str) -> Result<Arc<Bucket>, Refusal> {
        self.find_bucket(name).ok_or(Refusal::NoSuchBucket)
    }

    /// Makes an empty bucket; its record comes last, so a crash in between leaves no bucket.
    pub(crate) fn create_bucket(&self, name: &str) -> Result<Arc<Bucket>, Refusal> {
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        if buckets.contains_key(name) {
            return Err(Refusal::BucketExists);
        }
        let record = BucketRecord {
            created: crate::clock::now(),
            versioning: Versioning::Never,
            cors: Vec::new(),
            lifecycle: Vec::new(),
            tags: Vec::new(),
        };
        fs::create_dir_all(self.layout.uploads(name))?;
        layout::create_fan(&self.layout.keys(name))?;
        self.layout.store_json(&self.layout.bucket_record(name), &record)?;
        layout::sync_folder(&self.layout.buckets())?;
        let bucket = Arc::new(Bucket::new(name.to_owned(), self.layout.clone(), Arc::clone(&self.pins), record));
        buckets.insert(name.to_owned(), Arc::clone(&bucket));
        Ok(bucket)
    }

    /// Removes a bucket that holds nothing; writers that are under way find it gone.
    pub(crate) fn delete_bucket(&self, name: &str) -> Result<(), Refusal> {
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get(name).cloned().ok_or(Refusal::NoSuchBucket)?;
        bucket.close_if_empty()?;
        buckets.remove(name);
        layout::remove_durably(&self.layout.bucket_record(name))?;
        match fs::remove_dir_all(self.layout.bucket(name)) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}
