//! The store as the code under test meets it: matter behind the scheduler.
//!
//! *Invariant*: every call waits at the gate before its effect; a verdict changes whether, when and with what answer
//! the effect happens, never what it is.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    ByteCount, ChecksumAlgorithm, CompleteAnswer, DeclaredChecksum, ETag, Marker, ObjectHead, ObjectKey, Part,
    PartNumber, Timestamp, UploadId, Visibility,
};
use server::store::{
    Completion, ObjectsPage, PartsPage, SigningCredentials, Store, StoreError, UploadCursor, UploadsPage,
};

use crate::ablation::{self, Ablation};
use crate::call::{Call, Step};
use crate::executor::lock;
use crate::matter::Matter;
use crate::world::{Verdict, World, Zombie};

/// The simulated store.
pub(crate) struct SimStore(Arc<World>);

/// The store said nothing that means anything.
#[derive(Debug, thiserror::Error)]
#[error("the simulated store met {0}")]
struct Silent(&'static str);

fn silent(verdict: Verdict) -> StoreError {
    StoreError::Unavailable(Box::new(Silent(verdict.fault().name())))
}

/// One effect on matter.
fn land<T>(world: &World, effect: impl FnOnce(&mut Matter, Timestamp) -> T) -> T {
    world.touch();
    effect(&mut lock(&world.matter), world.now())
}

impl SimStore {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self(world)
    }

    fn call(&self, step: Step, key: &ObjectKey) -> Call {
        Call::store(step, lock(&self.0.truth).file_of(key))
    }

    async fn read<T>(&self, step: Step, key: &ObjectKey, read: impl FnOnce(&Matter) -> T) -> Result<T, StoreError> {
        match self.0.enter(self.call(step, key), None).await {
            Verdict::Go => Ok(read(&lock(&self.0.matter))),
            verdict => Err(silent(verdict)),
        }
    }

    /// A read that is about no file in particular.
    async fn look<T>(&self, name: &'static str, read: impl FnOnce(&Matter) -> T) -> Result<T, StoreError> {
        match self.0.enter(Call::reading(name), None).await {
            Verdict::Go => Ok(read(&lock(&self.0.matter))),
            verdict => Err(silent(verdict)),
        }
    }

    /// A question that everything asks.
    async fn glance<T>(&self, name: &'static str, read: impl FnOnce(&Matter) -> T) -> Result<T, StoreError> {
        if self.0.looks(name) { self.look(name, read).await } else { Ok(read(&lock(&self.0.matter))) }
    }

    async fn write<T: Send>(
        &self,
        step: Step,
        key: &ObjectKey,
        effect: impl FnOnce(&mut Matter, Timestamp) -> T + Clone + Send + 'static,
    ) -> Result<T, StoreError> {
        let zombie: Zombie = {
            let effect = effect.clone();
            Box::new(move |world| drop(land(world, effect)))
        };
        match self.0.enter(self.call(step, key), Some(zombie)).await {
            Verdict::Go => Ok(land(&self.0, effect)),
            verdict @ Verdict::AnswerLost => {
                land(&self.0, effect);
                Err(silent(verdict))
            }
            verdict => Err(silent(verdict)),
        }
    }
}

#[async_trait]
impl Store for SimStore {
    async fn open_upload(&self, key: &ObjectKey, checksum: Option<ChecksumAlgorithm>) -> Result<UploadId, StoreError> {
        lock(&self.0.truth).refuses_while_mixed_up("CreateMultipartUpload", key);
        let place = key.clone();
        self.write(Step::OpenUpload, key, move |matter, now| matter.open(&place, checksum, now)).await
    }

    async fn list_parts_page(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        after: Option<PartNumber>,
        _limit: u16,
    ) -> Result<Option<PartsPage>, StoreError> {
        let world = &self.0;
        self.read(Step::ListParts, key, |matter| {
            if ablation::denies(world, upload) { None } else { matter.list_parts(key, upload, after) }
        })
        .await
    }

    async fn send_part(
        &self,
        _key: &ObjectKey,
        _upload: &UploadId,
        _number: PartNumber,
        _bytes: Bytes,
    ) -> Result<Option<ETag>, StoreError> {
        // Contents are symbols here, and no simulated client sends a form.
        Err(StoreError::Unavailable(Box::new(Silent("bytes that are no symbol"))))
    }

    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[Part],
        checksum: Option<&DeclaredChecksum>,
    ) -> Completion {
        lock(&self.0.truth).refuses_while_mixed_up("Complete", key);
        let effect = {
            let (key, upload, parts, checksum) = (key.clone(), upload.clone(), parts.to_vec(), checksum.cloned());
            move |world: &World| {
                world.touch();
                let now = world.now();
                lock(&world.matter).complete(&key, &upload, &parts, checksum.as_ref(), now)
            }
        };
        let zombie: Zombie = {
            let effect = effect.clone();
            Box::new(move |world| drop(effect(world)))
        };
        let unknown = Completion { answer: CompleteAnswer::Unknown, etag: None };
        match self.0.enter(self.call(Step::Complete, key), Some(zombie)).await {
            Verdict::Go | Verdict::LeaseIgnored => effect(&self.0),
            Verdict::AnswerLost => {
                effect(&self.0);
                unknown
            }
            Verdict::WrongAnswer(answer) => {
                effect(&self.0);
                Completion { answer, etag: None }
            }
            Verdict::ErrorAnswer(answer) => {
                ablation::trust_answer(&self.0, key, parts, answer);
                Completion { answer, etag: None }
            }
            Verdict::Refused | Verdict::Late => unknown,
        }
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectHead>, StoreError> {
        let world = &self.0;
        if ablation::believes_listing(world) {
            return Ok(None);
        }
        self.read(Step::Head, key, |matter| ablation::seen_head(world, key, matter.head(key).cloned())).await
    }

    async fn read_first(&self, key: &ObjectKey, etag: &ETag, _limit: ByteCount) -> Result<Option<Bytes>, StoreError> {
        let world = &self.0;
        self.read(Step::ReadFirst, key, |matter| {
            matter.read_first(key, etag).or_else(|| ablation::bytes_instead(world, key))
        })
        .await
    }

    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), StoreError> {
        let world = &self.0;
        lock(&world.truth).aborts(&world.catalog, &lock(&world.matter), key, upload);
        if world.is_ablated(Ablation::NoAbort) {
            ablation::forget(world, upload);
            return Ok(());
        }
        let (place, id) = (key.clone(), upload.clone());
        self.write(Step::Abort, key, move |matter, _| matter.abort(&place, &id)).await?;
        ablation::abort_answered(world, key);
        Ok(())
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        lock(&self.0.truth).deletes(&self.0.catalog, key);
        let place = key.clone();
        self.write(Step::Delete, key, move |matter, _| matter.delete(&place)).await.map(drop)
    }

    async fn list_uploads(&self, key: &ObjectKey) -> Result<Vec<UploadId>, StoreError> {
        let world = &self.0;
        self.read(Step::ListUploads, key, |matter| {
            let mut uploads = matter.uploads_on(key);
            uploads.retain(|upload| !ablation::denies(world, upload));
            if world.is_ablated(Ablation::ForgetListUploads) { Vec::new() } else { uploads }
        })
        .await
    }

    async fn list_objects_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&str>,
        _limit: u16,
    ) -> Result<ObjectsPage, StoreError> {
        let mut page = self.look("list_objects", |matter| matter.objects_page(visibility, prefix, after)).await?;
        page.objects.iter_mut().for_each(|object| ablation::listed_age(&self.0, &mut object.modified));
        Ok(page)
    }

    async fn list_open_uploads_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&UploadCursor>,
        _limit: u16,
    ) -> Result<UploadsPage, StoreError> {
        let mut page = self.look("list_open_uploads", |matter| matter.uploads_page(visibility, prefix, after)).await?;
        page.uploads.iter_mut().for_each(|upload| ablation::listed_age(&self.0, &mut upload.initiated));
        Ok(page)
    }

    async fn find_marker(&self, visibility: Visibility) -> Result<Option<Marker>, StoreError> {
        let marker = self.glance("find_marker", |matter| matter.markers.get(&visibility).copied()).await?;
        Ok(ablation::seen_marker(&self.0, marker))
    }

    async fn write_marker(&self, visibility: Visibility, marker: &Marker) -> Result<(), StoreError> {
        let marker = *marker;
        let land = move |world: &World| {
            lock(&world.matter).markers.insert(visibility, marker);
        };
        let zombie: Zombie = Box::new(move |world| land(world));
        match self.0.enter(Call::writing("write_marker"), Some(zombie)).await {
            Verdict::Go => {
                land(&self.0);
                Ok(())
            }
            verdict @ Verdict::AnswerLost => {
                land(&self.0);
                Err(silent(verdict))
            }
            verdict => Err(silent(verdict)),
        }
    }

    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let world = &self.0;
        self.glance("store_time", |_| Timestamp::from_second(world.now().as_second()).ok()).await
    }

    async fn signing_credentials(&self) -> Result<SigningCredentials, StoreError> {
        // Answered from memory in the real one; what can fail about it is another store call.
        let credentials = signing::Credentials::new("simulated", "not a secret", None);
        Ok(SigningCredentials { credentials, end: None })
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.look("probe", |_| ()).await
    }
}
