//! The store port: the object store as the protocol sees it.
//!
//! A backend is correct if and only if it passes [`conformance`]. *Invariant*: callers act on what [`Store::head`]
//! says, never on what Complete or Abort answered (PROTOCOL, rule 7); only 200 and 404 from the right bucket are
//! answers, everything else is [`StoreError::Unavailable`] and means "stay where you are and come back".

pub mod around;
pub mod conformance;
pub mod layout;
pub mod memory;
pub mod metered;
pub mod operation;
pub mod s3;
pub mod signer;

use async_trait::async_trait;
use bytes::Bytes;
use domain::reconcile::{ListedObject, ListedUpload};
use domain::{
    ByteCount, ChecksumAlgorithm, CompleteAnswer, DeclaredChecksum, ETag, Marker, ObjectHead, ObjectKey, Part,
    PartListing, PartNumber, Timestamp, UploadId, Visibility,
};

/// The store did not answer in a way that means anything.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Unreachable, timed out, 403, 5xx, wrong bucket, credentials gone. The effect may or may not have happened.
    #[error("the object store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What Complete answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What to try next if HEAD finds nothing.
    pub answer: CompleteAnswer,
    /// The ETag it named, if it succeeded and named one.
    pub etag: Option<ETag>,
}

/// One page of a part listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartsPage {
    /// Parts in number order.
    pub parts: Vec<Part>,
    /// Whether more follow after the last of them.
    pub more: More,
}

/// One page of a bucket's objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectsPage {
    /// Objects in the byte order of their keys.
    pub objects: Vec<ListedObject>,
    /// After which key the next page begins, if there is one. Not below any key of this page.
    pub next: Option<String>,
}

/// One page of a bucket's open multipart uploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadsPage {
    /// Uploads in the byte order of their keys; those of one key in no certain order.
    pub uploads: Vec<ListedUpload>,
    /// After what the next page begins, if there is one.
    pub next: Option<UploadCursor>,
}

/// Where a listing of uploads goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadCursor {
    /// The last key of the page before.
    pub key: String,
    /// The last upload on it, where the store names one.
    pub id: Option<UploadId>,
}

/// Whether a listing goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// There is another page.
    Follows,
    /// This was the last.
    Ends,
}

/// What is signed with, and until when it works.
#[derive(Debug, Clone)]
pub struct SigningCredentials {
    /// The keys.
    pub credentials: signing::Credentials,
    /// When they end, if they are temporary.
    pub end: Option<Timestamp>,
}

/// The object store.
///
/// Every call has a time limit of its own and is safe to drop: what it did then is unknown, as after a crash.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// T2: CreateMultipartUpload with the content type, cache policy and disposition of the key, and the checksum
    /// algorithm as full-object checksum. Never retried inside: a second upload on the key would be hidden.
    async fn open_upload(&self, key: &ObjectKey, checksum: Option<ChecksumAlgorithm>) -> Result<UploadId, StoreError>;

    /// One page of ListParts after part `after`, at most `limit` (1 to 1000). `None`: no such upload.
    async fn list_parts_page(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        after: Option<PartNumber>,
        limit: u16,
    ) -> Result<Option<PartsPage>, StoreError>;

    /// UploadPart on a client's behalf, for one that can only send a form; at most 5 MiB, the store's smallest part. All
    /// other bytes travel past the server. Repeating replaces. `None`: no such upload.
    async fn send_part(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        bytes: Bytes,
    ) -> Result<Option<ETag>, StoreError>;

    /// T5: CompleteMultipartUpload with exactly these parts, and the full-object checksum if its value is declared.
    /// `parts` is not empty and sorted, each number once. Reads the body even of a 200. Never fails: whatever happened is an answer, and HEAD decides.
    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[Part],
        checksum: Option<&DeclaredChecksum>,
    ) -> Completion;

    /// HEAD. `None`: 404 from the right bucket.
    async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectHead>, StoreError>;

    /// The bytes of an object from `from` on, at most `limit` (1 or more), if its ETag is still `etag`: fewer only where it
    /// ends, none past its end. `None`: it is gone or another.
    async fn read(
        &self,
        key: &ObjectKey,
        etag: &ETag,
        from: u64,
        limit: ByteCount,
    ) -> Result<Option<Bytes>, StoreError>;

    /// AbortMultipartUpload. An upload that does not exist is aborted.
    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), StoreError>;

    /// DELETE, all versions. An object that does not exist is deleted.
    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError>;

    /// Every multipart upload that is open on exactly this key, over all pages.
    async fn list_uploads(&self, key: &ObjectKey) -> Result<Vec<UploadId>, StoreError>;

    /// One page of ListObjectsV2: the objects of a bucket whose key begins with `prefix` and comes after `after`, at
    /// most `limit` (1 to 1000). A page may hold fewer and still not be the last. Keys are those of the port, without
    /// the store's own prefix; what lies outside of that is not listed, nor is the marker.
    async fn list_objects_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> Result<ObjectsPage, StoreError>;

    /// One page of ListMultipartUploads, as [`Store::list_objects_page`].
    async fn list_open_uploads_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&UploadCursor>,
        limit: u16,
    ) -> Result<UploadsPage, StoreError>;

    /// What a bucket's marker says, `None` if it has none. One that cannot be understood is no answer.
    async fn find_marker(&self, visibility: Visibility) -> Result<Option<Marker>, StoreError>;

    /// Writes a bucket's marker over whatever it says.
    async fn write_marker(&self, visibility: Visibility, marker: &Marker) -> Result<(), StoreError>;

    /// What time the store says it is, to the second; `None` where it does not say.
    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError>;

    /// What to sign URLs with now.
    async fn signing_credentials(&self) -> Result<SigningCredentials, StoreError>;

    /// Whether both buckets answer; for readiness.
    async fn probe(&self) -> Result<(), StoreError>;
}

/// Most parts of one page, by S3's own limit.
pub const PARTS_PER_PAGE: u16 = 1000;
/// Most objects or uploads of one page, by S3's own limit.
pub const KEYS_PER_PAGE: u16 = 1000;
/// The key of a bucket's marker. It is not of the grammar of objects, so no file can ever have it.
pub const MARKER_KEY: &str = "landfall/marker.json";
/// What the keys of doctor's probes begin with. No owner's segment begins with a dot ([`domain::OwnerId::key_segment`]),
/// so no file can ever lie there.
pub const PROBE_FOLDER: &str = ".landfall-doctor/";

/// All pages of ListParts. `None`: no such upload.
pub async fn list_parts(
    store: &dyn Store,
    key: &ObjectKey,
    upload: &UploadId,
) -> Result<Option<PartListing>, StoreError> {
    let mut listing = PartListing::new();
    loop {
        let after = listing.last().map(|part| part.number);
        let Some(page) = store.list_parts_page(key, upload, after, PARTS_PER_PAGE).await? else { return Ok(None) };
        let ended = page.more == More::Ends || page.parts.is_empty();
        listing.extend(page.parts);
        if ended {
            return Ok(Some(listing));
        }
    }
}
