//! The suite over the store in memory.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{ETag, ObjectKey, PartNumber, UploadId, Visibility};

use super::super::Store;
use super::super::conformance::Harness;
use super::MemoryStore;
use crate::clock::HostClock;

struct MemoryHarness(MemoryStore);

#[async_trait]
impl Harness for MemoryHarness {
    async fn start() -> Self {
        Self(MemoryStore::default().with_clock(Arc::new(HostClock)))
    }

    fn store(&self) -> &dyn Store {
        &self.0
    }

    async fn send_part(&self, key: &ObjectKey, upload: &UploadId, number: PartNumber, bytes: Bytes) -> Option<ETag> {
        self.0.put_part(key, upload, number, bytes)
    }

    async fn read_anonymously(&self, key: &ObjectKey) -> Option<Bytes> {
        self.0.read_anonymously(key)
    }

    async fn open_foreign_upload(&self, visibility: Visibility, path: &str) {
        self.0.open_foreign_upload(visibility, path);
    }

    async fn put_foreign_object(&self, visibility: Visibility, path: &str, bytes: Bytes) {
        self.0.put_foreign_object(visibility, path, bytes);
    }

    async fn remove_bucket(&self, visibility: Visibility) {
        self.0.take_bucket(visibility);
    }

    async fn stop(self) {}
}

crate::store_conformance!(MemoryHarness);
