//! Any store, with something around each of its calls: a stopwatch, a fail point, a simulated fault.
//!
//! The delegation is written once, here; what happens around a call is an [`AroundStore`]. *Invariant*: every method
//! passes through [`AroundStore::around`] exactly once, and arguments reach the store as they came.
//!
//! A new method of the port is one line in [`super::operation`] and one method here.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    ByteCount, ChecksumAlgorithm, CompleteAnswer, DeclaredChecksum, ETag, Marker, ObjectHead, ObjectKey, Part,
    PartNumber, Timestamp, UploadId, Visibility,
};

use super::operation::Operation;
use super::{Completion, ObjectsPage, PartsPage, SigningCredentials, Store, StoreError, UploadCursor, UploadsPage};

/// How a call was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
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
}

/// A call whose answer is a `T`: which one it is, how to read its answer, and what its caller gets if the answer is
/// lost.
#[derive(Debug)]
pub struct Call<T> {
    /// Which call it is.
    pub operation: Operation,
    outcome: fn(&T) -> Outcome,
    lost: fn(StoreError) -> T,
}

impl<T> Call<T> {
    /// What an answer says.
    pub fn outcome(&self, answer: &T) -> Outcome {
        (self.outcome)(answer)
    }

    /// What the caller gets where there is no answer: the error, or [`CompleteAnswer::Unknown`] from Complete, which
    /// has no error.
    pub fn lost(&self, error: StoreError) -> T {
        (self.lost)(error)
    }
}

impl<T> Call<Result<T, StoreError>> {
    pub(super) fn done(operation: Operation) -> Self {
        let outcome = |answer: &Result<T, StoreError>| match answer {
            Ok(_) => Outcome::Ok,
            Err(StoreError::Unavailable(_)) => Outcome::Unavailable,
        };
        Self { operation, outcome, lost: Err }
    }
}

impl<T> Call<Result<Option<T>, StoreError>> {
    pub(super) fn found(operation: Operation) -> Self {
        let outcome = |answer: &Result<Option<T>, StoreError>| match answer {
            Ok(Some(_)) => Outcome::Ok,
            Ok(None) => Outcome::Absent,
            Err(StoreError::Unavailable(_)) => Outcome::Unavailable,
        };
        Self { operation, outcome, lost: Err }
    }
}

impl Call<Completion> {
    pub(super) fn complete() -> Self {
        let outcome = |completion: &Completion| match (completion.answer, &completion.etag) {
            (_, Some(_)) => Outcome::Ok,
            (CompleteAnswer::Unknown | CompleteAnswer::NotCalled, None) => Outcome::Unknown,
            (CompleteAnswer::NoSuchUpload, None) => Outcome::Absent,
            (CompleteAnswer::InvalidPart | CompleteAnswer::Refused(_), None) => Outcome::Refused,
        };
        let lost = |_| Completion { answer: CompleteAnswer::Unknown, etag: None };
        Self { operation: Operation::Complete, outcome, lost }
    }
}

/// What happens around a call.
pub trait AroundStore: Send + Sync + 'static {
    /// Makes the call, or does not. `answer` has no effect until it is polled: leaving it unpolled is a fault before
    /// the effect; awaiting it and giving [`Call::lost`] instead is an answer lost after the effect.
    fn around<T: Send>(&self, call: Call<T>, answer: impl Future<Output = T> + Send) -> impl Future<Output = T> + Send;
}

/// A store with an [`AroundStore`] around each call.
pub struct Around<A> {
    store: Arc<dyn Store>,
    layer: A,
}

impl<A: AroundStore> Around<A> {
    /// Puts `layer` around every call of `store`.
    pub fn new(store: Arc<dyn Store>, layer: A) -> Self {
        Self { store, layer }
    }
}

#[async_trait]
impl<A: AroundStore> Store for Around<A> {
    async fn open_upload(&self, key: &ObjectKey, checksum: Option<ChecksumAlgorithm>) -> Result<UploadId, StoreError> {
        self.layer.around(Call::done(Operation::OpenUpload), self.store.open_upload(key, checksum)).await
    }

    async fn list_parts_page(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        after: Option<PartNumber>,
        limit: u16,
    ) -> Result<Option<PartsPage>, StoreError> {
        let answer = self.store.list_parts_page(key, upload, after, limit);
        self.layer.around(Call::found(Operation::ListParts), answer).await
    }

    async fn send_part(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        bytes: Bytes,
    ) -> Result<Option<ETag>, StoreError> {
        let answer = self.store.send_part(key, upload, number, bytes);
        self.layer.around(Call::found(Operation::SendPart), answer).await
    }

    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[Part],
        checksum: Option<&DeclaredChecksum>,
    ) -> Completion {
        self.layer.around(Call::complete(), self.store.complete(key, upload, parts, checksum)).await
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectHead>, StoreError> {
        self.layer.around(Call::found(Operation::Head), self.store.head(key)).await
    }

    async fn read(
        &self,
        key: &ObjectKey,
        etag: &ETag,
        from: u64,
        limit: ByteCount,
    ) -> Result<Option<Bytes>, StoreError> {
        self.layer.around(Call::found(Operation::Read), self.store.read(key, etag, from, limit)).await
    }

    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), StoreError> {
        self.layer.around(Call::done(Operation::Abort), self.store.abort(key, upload)).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        self.layer.around(Call::done(Operation::Delete), self.store.delete(key)).await
    }

    async fn list_uploads(&self, key: &ObjectKey) -> Result<Vec<UploadId>, StoreError> {
        self.layer.around(Call::done(Operation::ListUploads), self.store.list_uploads(key)).await
    }

    async fn list_objects_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> Result<ObjectsPage, StoreError> {
        let answer = self.store.list_objects_page(visibility, prefix, after, limit);
        self.layer.around(Call::done(Operation::ListObjects), answer).await
    }

    async fn list_open_uploads_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&UploadCursor>,
        limit: u16,
    ) -> Result<UploadsPage, StoreError> {
        let answer = self.store.list_open_uploads_page(visibility, prefix, after, limit);
        self.layer.around(Call::done(Operation::ListOpenUploads), answer).await
    }

    async fn find_marker(&self, visibility: Visibility) -> Result<Option<Marker>, StoreError> {
        self.layer.around(Call::found(Operation::FindMarker), self.store.find_marker(visibility)).await
    }

    async fn write_marker(&self, visibility: Visibility, marker: &Marker) -> Result<(), StoreError> {
        self.layer.around(Call::done(Operation::WriteMarker), self.store.write_marker(visibility, marker)).await
    }

    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.layer.around(Call::found(Operation::StoreTime), self.store.store_time()).await
    }

    async fn signing_credentials(&self) -> Result<SigningCredentials, StoreError> {
        self.layer.around(Call::done(Operation::SigningCredentials), self.store.signing_credentials()).await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.layer.around(Call::done(Operation::Probe), self.store.probe()).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{bytes, number, private_key};
    use super::super::memory::MemoryStore;
    use super::*;

    /// Loses every answer after the effect.
    struct Deaf;

    impl AroundStore for Deaf {
        async fn around<T: Send>(&self, call: Call<T>, answer: impl Future<Output = T> + Send) -> T {
            let _ = answer.await;
            call.lost(StoreError::Unavailable("nobody heard it".into()))
        }
    }

    /// Makes no call at all.
    struct Dead;

    impl AroundStore for Dead {
        async fn around<T: Send>(&self, call: Call<T>, _answer: impl Future<Output = T> + Send) -> T {
            call.lost(StoreError::Unavailable("nobody asked".into()))
        }
    }

    #[tokio::test]
    async fn a_lost_answer_has_had_its_effect_and_an_unmade_call_has_not() {
        let memory = Arc::new(MemoryStore::default());
        let key = private_key();
        let upload = memory.open_upload(&key, None).await.expect("an upload opens");
        memory.put_part(&key, &upload, number(1), bytes(1, 10)).expect("a part arrives");
        let parts = super::super::list_parts(&*memory, &key, &upload).await.expect("parts").expect("the upload");
        let unknown = Completion { answer: CompleteAnswer::Unknown, etag: None };

        let dead = Around::new(memory.clone(), Dead);
        assert_eq!(dead.complete(&key, &upload, &parts, None).await, unknown);
        dead.head(&key).await.expect_err("no answer");
        assert_eq!(memory.head(&key).await.expect("HEAD answers"), None);

        let deaf = Around::new(memory.clone(), Deaf);
        assert_eq!(deaf.complete(&key, &upload, &parts, None).await, unknown);
        deaf.head(&key).await.expect_err("no answer");
        memory.head(&key).await.expect("HEAD answers").expect("the object is there");
    }
}
