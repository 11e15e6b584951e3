//! The store as the code under test meets it: matter behind the scheduler.
//!
//! *Invariant*: every call waits at the gate before its effect; a verdict changes whether, when and with what answer
//! the effect happens, never what it is.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    ByteCount, ChecksumAlgorithm, CompleteAnswer, DeclaredChecksum, ETag, Lane, Marker, ObjectHead, ObjectKey, Part,
    PartNumber, Timestamp, UploadId, Visibility,
};
use server::jobs::Job;
use server::store::{
    Completion, ObjectsPage, PartsPage, SigningCredentials, Store, StoreError, UploadCursor, UploadsPage,
};

use crate::ablation::{self, Ablation};
use crate::call::{Call, Class, Step};
use crate::clocks::Moment;
use crate::executor::lock;
use crate::matter::{Arrival, Matter, PartFate, Piece};
use crate::world::{Verdict, World, Zombie};

/// The simulated store.
pub(crate) struct SimStore {
    world: Arc<World>,
    /// The process that it answers.
    process: usize,
}

/// The store said nothing that means anything.
#[derive(Debug, thiserror::Error)]
#[error("the simulated store met {0}")]
struct Silent(&'static str);

fn silent(verdict: Verdict) -> StoreError {
    StoreError::Unavailable(Box::new(Silent(verdict.fault().name())))
}

/// One effect on matter.
fn land<T>(world: &World, effect: impl FnOnce(&mut Matter, Moment) -> T) -> T {
    world.touch();
    effect(&mut lock(&world.matter), world.moment())
}

impl SimStore {
    pub(crate) fn new(world: Arc<World>, process: usize) -> Self {
        Self { world, process }
    }

    fn call(&self, step: Step, key: &ObjectKey) -> Call {
        Call::store(step, lock(&self.world.truth).file_of(key))
    }

    /// A bucket that is not there answers nothing.
    fn reach(&self, bucket: Visibility) -> Result<(), StoreError> {
        let is_absent = lock(&self.world.matter).absent.contains(&bucket);
        if is_absent { Err(StoreError::Unavailable(Box::new(Silent("missing bucket")))) } else { Ok(()) }
    }

    async fn read<T>(&self, step: Step, key: &ObjectKey, read: impl FnOnce(&Matter) -> T) -> Result<T, StoreError> {
        self.reach(key.visibility())?;
        match self.world.enter(self.call(step, key), None).await {
            Verdict::Go => Ok(read(&lock(&self.world.matter))),
            verdict => Err(silent(verdict)),
        }
    }

    /// A read that is about no file in particular.
    async fn look<T>(&self, name: &'static str, read: impl FnOnce(&Matter) -> T) -> Result<T, StoreError> {
        match self.world.enter(Call::reading(name), None).await {
            Verdict::Go => Ok(read(&lock(&self.world.matter))),
            verdict => Err(silent(verdict)),
        }
    }

    /// A listing, which is about the files below its prefix.
    async fn list<T>(
        &self,
        name: &'static str,
        (visibility, prefix): (Visibility, &str),
        list: impl FnOnce(&Matter) -> T,
    ) -> Result<T, StoreError> {
        let files = lock(&self.world.truth).files_below(visibility, prefix);
        let about = files.into_iter().map(|file| (file, Step::ListUploads)).collect();
        match self.world.enter(Call { name, class: Class::Read, about }, None).await {
            Verdict::Go => Ok(list(&lock(&self.world.matter))),
            verdict => Err(silent(verdict)),
        }
    }

    /// A question that everything asks.
    async fn glance<T>(&self, name: &'static str, read: impl FnOnce(&Matter) -> T) -> Result<T, StoreError> {
        if self.world.looks(name) { self.look(name, read).await } else { Ok(read(&lock(&self.world.matter))) }
    }

    async fn write<T: Send>(
        &self,
        step: Step,
        key: &ObjectKey,
        effect: impl FnOnce(&mut Matter, Moment) -> T + Clone + Send + 'static,
    ) -> Result<T, StoreError> {
        self.reach(key.visibility())?;
        let zombie: Zombie = {
            let effect = effect.clone();
            Box::new(move |world| drop(land(world, effect)))
        };
        match self.world.enter(self.call(step, key), Some(zombie)).await {
            Verdict::Go => Ok(land(&self.world, effect)),
            verdict @ Verdict::AnswerLost => {
                land(&self.world, effect);
                Err(silent(verdict))
            }
            verdict => Err(silent(verdict)),
        }
    }
}

#[async_trait]
impl Store for SimStore {
    async fn open_upload(&self, key: &ObjectKey, checksum: Option<ChecksumAlgorithm>) -> Result<UploadId, StoreError> {
        lock(&self.world.truth).refuses_while_mixed_up("CreateMultipartUpload", key);
        let place = key.clone();
        self.write(Step::OpenUpload, key, move |matter, now| matter.open(&place, checksum, now)).await
    }

    async fn list_parts_page(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        after: Option<PartNumber>,
        limit: u16,
    ) -> Result<Option<PartsPage>, StoreError> {
        let world = &self.world;
        self.read(Step::ListParts, key, |matter| {
            if ablation::denies(world, upload) { None } else { matter.list_parts(key, upload, after, limit) }
        })
        .await
    }

    async fn send_part(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        bytes: Bytes,
    ) -> Result<Option<ETag>, StoreError> {
        self.reach(key.visibility())?;
        let piece = Piece::of(bytes);
        // What counts is whether the upload was there when the request began.
        let was_open = lock(&self.world.matter).list_parts(key, upload, None, 1).is_some();
        let arrival = if was_open { Arrival::Late } else { Arrival::Now };
        let effect = {
            let (key, upload) = (key.clone(), upload.clone());
            move |world: &World| {
                world.touch();
                let fate = lock(&world.matter).put_part(&key, &upload, number, piece.clone(), arrival);
                lock(&world.truth).part_landed(&world.catalog, &key, &upload);
                fate
            }
        };
        let zombie: Zombie = {
            let effect = effect.clone();
            Box::new(move |world| drop(effect(world)))
        };
        match self.world.enter(self.call(Step::SendPart, key), Some(zombie)).await {
            Verdict::Go => Ok(match effect(&self.world) {
                PartFate::Stored(etag) => Some(etag),
                PartFate::NoSuchUpload => None,
            }),
            verdict @ Verdict::AnswerLost => {
                effect(&self.world);
                Err(silent(verdict))
            }
            verdict => Err(silent(verdict)),
        }
    }

    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[Part],
        checksum: Option<&DeclaredChecksum>,
    ) -> Completion {
        let actor = self.world.executor.actor();
        lock(&self.world.truth).refuses_while_mixed_up("Complete", key);
        lock(&self.world.truth).completes(actor, key);
        let effect = {
            let (key, upload, parts, checksum) = (key.clone(), upload.clone(), parts.to_vec(), checksum.cloned());
            move |world: &World| {
                world.touch();
                let now = world.moment();
                lock(&world.matter).complete(&key, &upload, &parts, checksum.as_ref(), now)
            }
        };
        let zombie: Zombie = {
            let effect = effect.clone();
            Box::new(move |world| drop(effect(world)))
        };
        let unknown = Completion { answer: CompleteAnswer::Unknown, etag: None };
        if self.reach(key.visibility()).is_err() {
            return unknown;
        }
        match self.world.enter(self.call(Step::Complete, key), Some(zombie)).await {
            Verdict::Go => effect(&self.world),
            Verdict::AnswerLost => {
                effect(&self.world);
                unknown
            }
            Verdict::WrongAnswer(answer) => {
                effect(&self.world);
                Completion { answer, etag: None }
            }
            Verdict::ErrorAnswer(answer) => {
                ablation::trust_answer(&self.world, key, parts, answer);
                Completion { answer, etag: None }
            }
            Verdict::Refused | Verdict::Late => unknown,
        }
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectHead>, StoreError> {
        let world = &self.world;
        lock(&world.truth).heads(&world.catalog, world.executor.actor(), key);
        if ablation::believes_listing(world) {
            return Ok(None);
        }
        self.read(Step::Head, key, |matter| ablation::seen_head(world, key, matter.head(key).cloned())).await
    }

    async fn read(
        &self,
        key: &ObjectKey,
        etag: &ETag,
        from: u64,
        limit: ByteCount,
    ) -> Result<Option<Bytes>, StoreError> {
        let world = &self.world;
        self.read(Step::ReadFirst, key, |matter| {
            matter.read(key, etag, from, limit).or_else(|| ablation::bytes_instead(world, key))
        })
        .await
    }

    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), StoreError> {
        let world = &self.world;
        let actor = world.executor.actor();
        let strays = world.executor.runs(Job::Lane(Lane::Drive));
        lock(&world.truth).aborts(&world.catalog, &lock(&world.matter), (actor, strays), (key, upload));
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
        lock(&self.world.truth).deletes(&self.world.catalog, self.world.executor.actor(), key);
        let place = key.clone();
        self.write(Step::Delete, key, move |matter, _| matter.delete(&place)).await.map(drop)
    }

    async fn list_uploads(&self, key: &ObjectKey) -> Result<Vec<UploadId>, StoreError> {
        let world = &self.world;
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
        limit: u16,
    ) -> Result<ObjectsPage, StoreError> {
        self.reach(visibility)?;
        let list = |matter: &Matter| matter.objects_page(visibility, prefix, after, limit);
        let mut page = self.list("list_objects", (visibility, prefix), list).await?;
        page.objects.iter_mut().for_each(|object| ablation::listed_age(&self.world, &mut object.modified));
        Ok(page)
    }

    async fn list_open_uploads_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&UploadCursor>,
        limit: u16,
    ) -> Result<UploadsPage, StoreError> {
        self.reach(visibility)?;
        let list = |matter: &Matter| matter.uploads_page(visibility, prefix, after, limit);
        let mut page = self.list("list_open_uploads", (visibility, prefix), list).await?;
        // Only the destroy and recheck lanes list below an asset.
        if !prefix.is_empty() {
            page.uploads.retain(|upload| !ablation::denies(&self.world, &upload.id));
            if self.world.is_ablated(Ablation::ForgetListUploads) {
                page.uploads.clear();
            }
        }
        page.uploads.iter_mut().for_each(|upload| ablation::listed_age(&self.world, &mut upload.initiated));
        Ok(page)
    }

    async fn find_marker(&self, visibility: Visibility) -> Result<Option<Marker>, StoreError> {
        self.reach(visibility)?;
        let marker = self.glance("find_marker", |matter| matter.markers.get(&visibility).copied()).await?;
        Ok(ablation::seen_marker(&self.world, marker))
    }

    async fn write_marker(&self, visibility: Visibility, marker: &Marker) -> Result<(), StoreError> {
        self.reach(visibility)?;
        let marker = *marker;
        let land = move |world: &World| {
            lock(&world.matter).markers.insert(visibility, marker);
        };
        let zombie: Zombie = Box::new(move |world| land(world));
        match self.world.enter(Call::writing("write_marker"), Some(zombie)).await {
            Verdict::Go => {
                land(&self.world);
                Ok(())
            }
            verdict @ Verdict::AnswerLost => {
                land(&self.world);
                Err(silent(verdict))
            }
            verdict => Err(silent(verdict)),
        }
    }

    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let world = &self.world;
        let shown = || if world.is_ablated(Ablation::IgnoreSkew) { world.now() } else { world.moment().told };
        let told = self.glance("store_time", |_| Timestamp::from_second(shown().as_second()).ok()).await?;
        // The process's own clock is read with it.
        let skew = lock(&world.clocks).worst(self.process);
        lock(&world.truth).told_other_clocks((self.process, world.executor.actor()), world.now(), skew);
        Ok(told)
    }

    async fn signing_credentials(&self) -> Result<SigningCredentials, StoreError> {
        // Taken before the wait: an answer may be old when it comes.
        let found = lock(&self.world.issuer).current(self.world.now());
        let found = self.look("signing_credentials", |_| found).await?;
        Ok(ablation::seen_credentials(&self.world, found))
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.look("probe", |_| ()).await?;
        self.reach(Visibility::Private).and_then(|()| self.reach(Visibility::Public))
    }
}
