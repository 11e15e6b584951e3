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
pub const REQUEST_DURATION: &str = crate::telemetry::names::STORE_REQUEST_DURATION;
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

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::super::conformance::{bytes, number, private_key};
    use super::super::memory::{Failure, MemoryStore};
    use super::*;

    /// The counts of calls by operation and outcome, as Prometheus would read them.
    fn counts(rendered: &str) -> Vec<String> {
        let prefix = "landfall_store_request_duration_count";
        let mut lines: Vec<String> =
            rendered.lines().filter_map(|l| l.strip_prefix(prefix)).map(str::to_owned).collect();
        lines.sort();
        lines
    }

    #[tokio::test]
    async fn every_call_is_counted_once_by_operation_and_outcome() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _guard = metrics::set_default_local_recorder(&recorder);
        let memory = Arc::new(MemoryStore::default());
        let store = MeteredStore::new(Arc::clone(&memory) as Arc<dyn Store>);
        let key = private_key();

        let upload = store.open_upload(&key, None).await.expect("an upload opens");
        memory.put_part(&key, &upload, number(1), bytes(1, 10)).expect("a part arrives");
        assert_eq!(store.head(&key).await.expect("HEAD answers"), None);
        let parts = super::super::list_parts(&store, &key, &upload).await.expect("parts").expect("the upload");
        memory.fail_next(Operation::Complete, Failure::Answer(CompleteAnswer::InvalidPart));
        store.complete(&key, &upload, &parts, None).await;
        memory.fail_next(Operation::Complete, Failure::Before);
        store.complete(&key, &upload, &parts, None).await;
        store.complete(&key, &upload, &parts, None).await;
        memory.fail_next(Operation::Head, Failure::Before);
        store.head(&key).await.expect_err("planned");

        let expected = [
            r#"{operation="complete",outcome="ok"} 1"#,
            r#"{operation="complete",outcome="refused"} 1"#,
            r#"{operation="complete",outcome="unknown"} 1"#,
            r#"{operation="head",outcome="absent"} 1"#,
            r#"{operation="head",outcome="unavailable"} 1"#,
            r#"{operation="list_parts",outcome="ok"} 1"#,
            r#"{operation="open_upload",outcome="ok"} 1"#,
        ];
        assert_eq!(counts(&recorder.handle().render()), expected);
    }

    #[test]
    fn a_call_nobody_waits_for_is_counted_too() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            let call = timed(Operation::Delete, std::future::pending::<Result<(), StoreError>>(), Outcome::of_done);
            let mut call = Box::pin(call);
            assert!(call.as_mut().now_or_never().is_none());
            drop(call);
        });
        assert_eq!(counts(&recorder.handle().render()), [r#"{operation="delete",outcome="dropped"} 1"#]);
    }
}
