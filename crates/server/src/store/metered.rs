//! Any store, with every call timed.
//!
//! Not a policy: answers pass through untouched. *Invariant*: each call is counted exactly once, one that its caller
//! dropped included.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    ByteCount, ChecksumAlgorithm, CompleteAnswer, DeclaredChecksum, ETag, ObjectHead, ObjectKey, Part, PartNumber,
    UploadId,
};

use super::operation::Operation;
use super::{Completion, PartsPage, SigningCredentials, Store, StoreError};
use crate::clock::Stopwatch;

/// Histogram of the seconds a call took, retries included; labels [`OPERATION_LABEL`] and [`OUTCOME_LABEL`].
pub const REQUEST_DURATION: &str = "landfall.store.request.duration";
/// Holds an [`Operation::name`].
pub const OPERATION_LABEL: &str = "operation";
/// Holds `ok`, `absent`, `refused`, `unknown`, `unavailable` or `dropped`.
pub const OUTCOME_LABEL: &str = "outcome";

/// Tells the metrics recorder what [`REQUEST_DURATION`] is. Once, after the recorder is installed.
pub fn describe() {
    metrics::describe_histogram!(
        REQUEST_DURATION,
        metrics::Unit::Seconds,
        "Seconds a call to the object store took, retries included"
    );
}

/// How a call ended.
#[derive(Clone, Copy)]
enum Outcome {
    /// The store did what was asked.
    Ok,
    /// It has no such upload or object.
    Absent,
    /// It will not complete the upload as asked.
    Refused,
    /// Complete may have succeeded and did not say so.
    Unknown,
    /// No answer.
    Unavailable,
    /// Nobody waited for the answer.
    Dropped,
}

impl Outcome {
    const fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Absent => "absent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Unavailable => "unavailable",
            Self::Dropped => "dropped",
        }
    }

    fn of_found<T>(answer: &Result<Option<T>, StoreError>) -> Self {
        match answer {
            Ok(Some(_)) => Self::Ok,
            Ok(None) => Self::Absent,
            Err(StoreError::Unavailable(_)) => Self::Unavailable,
        }
    }

    fn of_done<T>(answer: &Result<T, StoreError>) -> Self {
        match answer {
            Ok(_) => Self::Ok,
            Err(StoreError::Unavailable(_)) => Self::Unavailable,
        }
    }

    fn of_completion(completion: &Completion) -> Self {
        match (completion.answer, &completion.etag) {
            (_, Some(_)) => Self::Ok,
            (CompleteAnswer::Unknown | CompleteAnswer::NotCalled, None) => Self::Unknown,
            (CompleteAnswer::NoSuchUpload, None) => Self::Absent,
            (CompleteAnswer::InvalidPart | CompleteAnswer::Refused(_), None) => Self::Refused,
        }
    }
}

/// A call under way; recorded when it goes.
struct Running {
    operation: Operation,
    since: Stopwatch,
    outcome: Outcome,
}

impl Drop for Running {
    fn drop(&mut self) {
        let labels = [(OPERATION_LABEL, self.operation.name()), (OUTCOME_LABEL, self.outcome.label())];
        metrics::histogram!(REQUEST_DURATION, &labels).record(self.since.elapsed_seconds());
    }
}

async fn timed<T>(operation: Operation, call: impl Future<Output = T>, outcome: fn(&T) -> Outcome) -> T {
    let mut running = Running { operation, since: Stopwatch::start(), outcome: Outcome::Dropped };
    let answer = call.await;
    running.outcome = outcome(&answer);
    answer
}

/// Times every call of the store it stands before.
pub struct MeteredStore<S: ?Sized>(Arc<S>);

impl<S: Store + ?Sized> MeteredStore<S> {
    /// Stands before `store`.
    pub fn new(store: Arc<S>) -> Self {
        Self(store)
    }
}

#[async_trait]
impl<S: Store + ?Sized> Store for MeteredStore<S> {
    async fn open_upload(&self, key: &ObjectKey, checksum: Option<ChecksumAlgorithm>) -> Result<UploadId, StoreError> {
        timed(Operation::OpenUpload, self.0.open_upload(key, checksum), Outcome::of_done).await
    }

    async fn list_parts_page(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        after: Option<PartNumber>,
        limit: u16,
    ) -> Result<Option<PartsPage>, StoreError> {
        timed(Operation::ListParts, self.0.list_parts_page(key, upload, after, limit), Outcome::of_found).await
    }

    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[Part],
        checksum: Option<&DeclaredChecksum>,
    ) -> Completion {
        timed(Operation::Complete, self.0.complete(key, upload, parts, checksum), Outcome::of_completion).await
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectHead>, StoreError> {
        timed(Operation::Head, self.0.head(key), Outcome::of_found).await
    }

    async fn read_first(&self, key: &ObjectKey, etag: &ETag, limit: ByteCount) -> Result<Option<Bytes>, StoreError> {
        timed(Operation::ReadFirst, self.0.read_first(key, etag, limit), Outcome::of_found).await
    }

    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), StoreError> {
        timed(Operation::Abort, self.0.abort(key, upload), Outcome::of_done).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        timed(Operation::Delete, self.0.delete(key), Outcome::of_done).await
    }

    async fn list_uploads(&self, key: &ObjectKey) -> Result<Vec<UploadId>, StoreError> {
        timed(Operation::ListUploads, self.0.list_uploads(key), Outcome::of_done).await
    }

    async fn signing_credentials(&self) -> Result<SigningCredentials, StoreError> {
        timed(Operation::SigningCredentials, self.0.signing_credentials(), Outcome::of_done).await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        timed(Operation::Probe, self.0.probe(), Outcome::of_done).await
    }
}
