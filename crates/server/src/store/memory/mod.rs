//! The store in memory: the strictest there is, for tests and the simulator.
//!
//! Not a mock: it does what S3 does to uploads and objects, forgets at once what was aborted or deleted, and refuses
//! what the pickiest store refuses. Callers that break the port's contract are stopped by an assertion. Failures are
//! planned by [`MemoryStore::fail_next`].

mod buckets;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    ByteCount, ChecksumAlgorithm, CompleteAnswer, DeclaredChecksum, ETag, Marker, ObjectHead, ObjectKey, Part,
    PartNumber, TimeSpan, Timestamp, UploadId, Visibility,
};

use self::buckets::{Buckets, place};
use super::operation::Operation;
use super::{
    Completion, KEYS_PER_PAGE, ObjectsPage, PARTS_PER_PAGE, PartsPage, SigningCredentials, Store, StoreError,
    UploadCursor, UploadsPage,
};
use crate::clock::Clock;

/// What a second Complete of an upload says after the first succeeded. Stores differ, and nothing may depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondComplete {
    /// As AWS and Ceph: success, naming the ETag again.
    Succeeds,
    /// As MinIO and Garage.
    NoSuchUpload,
    /// As a store without permission to look.
    AccessDenied,
}

/// How a planned failure shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The request never arrived.
    Before,
    /// The request did its work; the answer was lost.
    AfterEffect,
    /// Complete only: it does nothing and answers so.
    Answer(CompleteAnswer),
}

/// Bytes that went through the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Sent by clients as parts.
    pub sent_by_clients: ByteCount,
    /// Read back through [`Store::read`].
    pub read_by_server: ByteCount,
}

/// The failure that [`MemoryStore::fail_next`] planned, or a bucket that is not there.
#[derive(Debug, thiserror::Error)]
#[error("{operation} met a {cause}")]
struct Unreachable {
    operation: &'static str,
    cause: &'static str,
}

/// A store in memory.
pub struct MemoryStore(Mutex<Inner>);

struct Inner {
    buckets: Buckets,
    second: SecondComplete,
    failures: BTreeMap<Operation, VecDeque<Failure>>,
    calls: BTreeMap<Operation, u64>,
    traffic: Traffic,
    credentials: SigningCredentials,
    clock: Option<Arc<dyn Clock>>,
    /// How far the store is ahead of its clock.
    skew: TimeSpan,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(SecondComplete::Succeeds)
    }
}

impl MemoryStore {
    /// Two empty buckets. Without a clock the store tells no time, and everything in it is from 1970.
    pub fn new(second: SecondComplete) -> Self {
        let credentials = signing::Credentials::new("memory", "not a secret", None);
        Self(Mutex::new(Inner {
            buckets: Buckets::new(),
            second,
            failures: BTreeMap::new(),
            calls: BTreeMap::new(),
            traffic: Traffic::default(),
            credentials: SigningCredentials { credentials, end: None },
            clock: None,
            skew: TimeSpan::ZERO,
        }))
    }

    /// The same with a clock: what the store says the time is, and when its objects and uploads came into being.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        self.lock().clock = Some(clock);
        self
    }

    /// Puts the store's clock ahead of the one it was given, or behind if the span is negative.
    pub fn set_skew(&self, ahead: TimeSpan) {
        self.lock().skew = ahead;
    }

    /// What a bucket's marker says.
    pub fn marker(&self, visibility: Visibility) -> Option<Marker> {
        self.lock().buckets.markers.get(&visibility).copied()
    }

    /// Changes a bucket's marker behind everybody's back, or takes it away.
    pub fn set_marker(&self, visibility: Visibility, marker: Option<Marker>) {
        let markers = &mut self.lock().buckets.markers;
        match marker {
            Some(marker) => markers.insert(visibility, marker),
            None => markers.remove(&visibility),
        };
    }

    /// Puts an object on any key, as another program with access to the bucket may.
    pub fn put_foreign_object(&self, visibility: Visibility, path: &str, content: Bytes) {
        let mut inner = self.lock();
        let now = inner.now();
        inner.buckets.put((visibility, path.to_owned()), content, now);
    }

    /// Makes the next call of `operation` fail; planned failures are met in the order they were planned.
    ///
    /// # Panics
    /// If anything but Complete is to [`Failure::Answer`].
    pub fn fail_next(&self, operation: Operation, failure: Failure) {
        let fits = operation == Operation::Complete || !matches!(failure, Failure::Answer(_));
        assert!(fits, "only Complete has answers to choose from");
        self.lock().failures.entry(operation).or_default().push_back(failure);
    }

    /// Takes a bucket away: every call to it fails until [`MemoryStore::return_bucket`]. Its contents stay.
    pub fn take_bucket(&self, visibility: Visibility) {
        self.lock().buckets.present.remove(&visibility);
    }

    /// Brings a bucket back.
    pub fn return_bucket(&self, visibility: Visibility) {
        self.lock().buckets.present.insert(visibility);
    }

    /// Changes what URLs are signed with.
    pub fn set_credentials(&self, credentials: SigningCredentials) {
        self.lock().credentials = credentials;
    }

    /// What a client's PUT to a part URL does. `None`: no such upload.
    pub fn put_part(&self, key: &ObjectKey, upload: &UploadId, number: PartNumber, bytes: Bytes) -> Option<ETag> {
        let mut inner = self.lock();
        let sent = ByteCount(bytes.len() as u64);
        inner.traffic.sent_by_clients = inner.traffic.sent_by_clients.saturating_add(sent);
        inner.buckets.put_part(&place(key), upload, number, bytes)
    }

    /// Opens an upload on any key, as another program with access to the bucket may.
    pub fn open_foreign_upload(&self, visibility: Visibility, path: &str) -> UploadId {
        let mut inner = self.lock();
        let now = inner.now();
        inner.buckets.open((visibility, path.to_owned()), None, None, now)
    }

    /// Removes an object behind everybody's back, as an operator may.
    pub fn lose_object(&self, key: &ObjectKey) {
        self.lock().buckets.remove(&place(key));
    }

    /// What anybody gets without a signature.
    pub fn read_anonymously(&self, key: &ObjectKey) -> Option<Bytes> {
        match key.visibility() {
            Visibility::Public => self.content(key),
            Visibility::Private => None,
        }
    }

    /// An object's bytes, seen by the test and not counted.
    pub fn content(&self, key: &ObjectKey) -> Option<Bytes> {
        self.lock().buckets.content(&place(key)).cloned()
    }

    /// Every object, by bucket and path.
    pub fn objects(&self) -> Vec<(Visibility, String)> {
        self.lock().buckets.listing().0
    }

    /// The bucket and path of every open upload; a key with two uploads is there twice.
    pub fn uploads(&self) -> Vec<(Visibility, String)> {
        self.lock().buckets.listing().1
    }

    /// How often a call was made, those that failed included.
    pub fn calls(&self, operation: Operation) -> u64 {
        self.lock().calls.get(&operation).copied().unwrap_or_default()
    }

    /// What went through so far.
    pub fn traffic(&self) -> Traffic {
        self.lock().traffic
    }

    /// A test that panicked while it held the lock has failed already; others may still look.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call to the bucket of `visibility`, with its planned failure around its effect.
    fn call<T>(
        &self,
        operation: Operation,
        visibility: Visibility,
        effect: impl FnOnce(&mut Inner) -> T,
    ) -> Result<T, StoreError> {
        let mut inner = self.lock();
        match inner.begin(operation) {
            Some(Failure::Before) => Err(unreachable(operation, "planned failure")),
            Some(Failure::Answer(_)) => unreachable!("fail_next takes answers for Complete only"),
            planned @ (Some(Failure::AfterEffect) | None) => {
                if !inner.buckets.present.contains(&visibility) {
                    return Err(unreachable(operation, "missing bucket"));
                }
                let answer = effect(&mut inner);
                if planned.is_some() { Err(unreachable(operation, "lost answer")) } else { Ok(answer) }
            }
        }
    }
}

impl Inner {
    fn now(&self) -> Timestamp {
        self.clock.as_ref().map_or(Timestamp::UNIX_EPOCH, |clock| clock.now() + self.skew)
    }

    fn begin(&mut self, operation: Operation) -> Option<Failure> {
        *self.calls.entry(operation).or_default() += 1;
        self.failures.get_mut(&operation).and_then(VecDeque::pop_front)
    }
}

fn unreachable(operation: Operation, cause: &'static str) -> StoreError {
    StoreError::Unavailable(Box::new(Unreachable { operation: operation.name(), cause }))
}

#[async_trait]
impl Store for MemoryStore {
    async fn open_upload(&self, key: &ObjectKey, checksum: Option<ChecksumAlgorithm>) -> Result<UploadId, StoreError> {
        self.call(Operation::OpenUpload, key.visibility(), |inner| {
            let now = inner.now();
            inner.buckets.open(place(key), Some(key.content_type().name()), checksum, now)
        })
    }

    async fn list_parts_page(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        after: Option<PartNumber>,
        limit: u16,
    ) -> Result<Option<PartsPage>, StoreError> {
        assert!((1..=PARTS_PER_PAGE).contains(&limit), "a page has 1 to {PARTS_PER_PAGE} parts, not {limit}");
        self.call(Operation::ListParts, key.visibility(), |inner| {
            inner.buckets.list_parts(&place(key), upload, after, limit)
        })
    }

    async fn send_part(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        bytes: Bytes,
    ) -> Result<Option<ETag>, StoreError> {
        self.call(Operation::SendPart, key.visibility(), |inner| {
            inner.buckets.put_part(&place(key), upload, number, bytes)
        })
    }

    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[Part],
        checksum: Option<&DeclaredChecksum>,
    ) -> Completion {
        assert!(!parts.is_empty(), "an object has at least one part");
        assert!(parts.is_sorted_by(|a, b| a.number < b.number), "frozen parts are sorted, each number once");
        let mut inner = self.lock();
        let unknown = Completion { answer: CompleteAnswer::Unknown, etag: None };
        let planned = inner.begin(Operation::Complete);
        match planned {
            Some(Failure::Answer(answer)) => Completion { answer, etag: None },
            Some(Failure::Before) => unknown,
            None | Some(Failure::AfterEffect) if !inner.buckets.present.contains(&key.visibility()) => unknown,
            None | Some(Failure::AfterEffect) => {
                let (second, now) = (inner.second, inner.now());
                let completion = inner.buckets.complete(&place(key), upload, parts, checksum, second, now);
                if planned.is_some() { unknown } else { completion }
            }
        }
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectHead>, StoreError> {
        self.call(Operation::Head, key.visibility(), |inner| inner.buckets.head(&place(key)).cloned())
    }

    async fn read(
        &self,
        key: &ObjectKey,
        etag: &ETag,
        from: u64,
        limit: ByteCount,
    ) -> Result<Option<Bytes>, StoreError> {
        assert!(limit > ByteCount::ZERO, "reading nothing is no reading");
        self.call(Operation::Read, key.visibility(), |inner| {
            let place = place(key);
            if inner.buckets.head(&place)?.etag != *etag {
                return None;
            }
            let content = inner.buckets.content(&place)?;
            let begin = usize::try_from(from).unwrap_or(usize::MAX).min(content.len());
            let end = usize::try_from(limit.get()).unwrap_or(usize::MAX).saturating_add(begin).min(content.len());
            let read = content.slice(begin..end);
            inner.traffic.read_by_server = inner.traffic.read_by_server.saturating_add(ByteCount(read.len() as u64));
            Some(read)
        })
    }

    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), StoreError> {
        self.call(Operation::Abort, key.visibility(), |inner| inner.buckets.abort(&place(key), upload))
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        self.call(Operation::Delete, key.visibility(), |inner| inner.buckets.remove(&place(key)))
    }

    async fn list_uploads(&self, key: &ObjectKey) -> Result<Vec<UploadId>, StoreError> {
        self.call(Operation::ListUploads, key.visibility(), |inner| inner.buckets.uploads_on(&place(key)))
    }

    async fn list_objects_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> Result<ObjectsPage, StoreError> {
        assert!((1..=KEYS_PER_PAGE).contains(&limit), "a page has 1 to {KEYS_PER_PAGE} objects, not {limit}");
        let list = |inner: &mut Inner| inner.buckets.objects_page(visibility, prefix, after, limit);
        self.call(Operation::ListObjects, visibility, list)
    }

    async fn list_open_uploads_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&UploadCursor>,
        limit: u16,
    ) -> Result<UploadsPage, StoreError> {
        assert!((1..=KEYS_PER_PAGE).contains(&limit), "a page has 1 to {KEYS_PER_PAGE} uploads, not {limit}");
        let list = |inner: &mut Inner| inner.buckets.uploads_page(visibility, prefix, after, limit);
        self.call(Operation::ListOpenUploads, visibility, list)
    }

    async fn find_marker(&self, visibility: Visibility) -> Result<Option<Marker>, StoreError> {
        self.call(Operation::FindMarker, visibility, |inner| inner.buckets.markers.get(&visibility).copied())
    }

    async fn write_marker(&self, visibility: Visibility, marker: &Marker) -> Result<(), StoreError> {
        self.call(Operation::WriteMarker, visibility, |inner| {
            inner.buckets.markers.insert(visibility, *marker);
        })
    }

    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.call(Operation::StoreTime, Visibility::Private, |inner| inner.clock.is_some().then(|| inner.now()))
    }

    async fn signing_credentials(&self) -> Result<SigningCredentials, StoreError> {
        let mut inner = self.lock();
        // No bucket is asked for them.
        match inner.begin(Operation::SigningCredentials) {
            None => Ok(inner.credentials.clone()),
            Some(_) => Err(unreachable(Operation::SigningCredentials, "planned failure")),
        }
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.call(Operation::Probe, Visibility::Private, |inner| inner.buckets.present.contains(&Visibility::Public))
            .and_then(|public| if public { Ok(()) } else { Err(unreachable(Operation::Probe, "missing bucket")) })
    }
}
