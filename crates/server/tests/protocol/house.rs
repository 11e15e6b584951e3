//! A whole Landfall in memory: manual clock, memory catalog, memory store, the real use cases.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use domain::key::FileKey;
use domain::{
    Asset, AssetId, ByteCount, Collection, CollectionName, Description, File, FileName, Lane, MediaType, Metadata,
    ObjectKey, OwnerId, OwnerNaming, PartNumber, RoleName, StateName, Timestamp, Title, Visibility,
};
use server::app::{
    App, Claim, CompleteError, Completed, Completion, CreateError, Finisher, IdempotencyKey, NewFile, NewUpload, Opened,
};
use server::catalog::memory::MemoryCatalog;
use server::catalog::{Allowance, Figures as _, Outbox as _, Rows as _};
use server::clock::ManualClock;
use server::jobs::{Job, Rest, Runner, Schedules, Tempo};
use server::recurrence::Recurrence;
use server::store::memory::{MemoryStore, SecondComplete};
use tokio_util::sync::CancellationToken;

use crate::ground::Ground;
pub(crate) use crate::ground::{mp4, png};

/// A key of our grammar that no row owns.
pub(crate) fn strange_key(n: u64) -> ObjectKey {
    let mut bits = [0; 10];
    bits[2..].copy_from_slice(&n.to_be_bytes());
    let asset = AssetId::new(Timestamp::constant(1_780_000_000, 0), &bits);
    let [collection, role] = ["videos", "video"];
    let (collection, role) = (CollectionName::parse(collection).unwrap(), RoleName::parse(role).unwrap());
    let nonce = u128::from(n).to_be_bytes();
    ObjectKey::new(
        Visibility::Private,
        FileKey::new(format!("o{}", n % 97), collection, asset, role, MediaType::Mp4, nonce),
    )
}

pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) catalog: Arc<MemoryCatalog>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) videos: Collection,
    pub(crate) owner: OwnerId,
}

pub(crate) const DRIVE: Job = Job::Lane(Lane::Drive);
pub(crate) const EXPIRE: Job = Job::Lane(Lane::Expire);
pub(crate) const DESTROY: Job = Job::Lane(Lane::Destroy);
pub(crate) const RECHECK: Job = Job::Lane(Lane::Recheck);

/// A runner that has just started: what a request has in hand is not waited for. What has a time of day comes in January.
pub(crate) fn runner(app: &App) -> Runner {
    let in_january = Recurrence::parse("0 1 1 1 *", Some("UTC")).unwrap();
    let schedules = Schedules { expire: in_january.clone(), reconcile: in_january };
    Runner::new(app.clone(), "one".to_owned(), schedules, Tempo::default())
}

/// One job of a server that has just started, until it rests.
pub(crate) async fn round(app: &App, job: Job) -> Rest {
    let (runner, stop) = (runner(app), CancellationToken::new());
    loop {
        let rest = runner.round(job, &stop).await;
        if rest != Rest::None {
            return rest;
        }
    }
}

pub(crate) fn role(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

pub(crate) fn new_file(media_type: MediaType, size: u64) -> NewFile {
    NewFile {
        file_name: FileName::parse("휴가 🎬.mp4").unwrap(),
        size: Some(ByteCount(size)),
        media_type,
        checksum: None,
        finisher: Finisher::Owner,
    }
}

pub(crate) fn film(size: u64) -> (RoleName, NewFile) {
    (role("video"), new_file(MediaType::Mp4, size))
}

pub(crate) fn poster(size: u64) -> (RoleName, NewFile) {
    (role("thumbnail"), new_file(MediaType::Png, size))
}

pub(crate) fn upload_of(files: impl IntoIterator<Item = (RoleName, NewFile)>) -> NewUpload {
    NewUpload {
        title: Title::parse("Film").unwrap(),
        description: Description::empty(),
        metadata: Metadata::empty(),
        fingerprint: None,
        files: files.into_iter().collect(),
        idempotency: None,
    }
}

pub(crate) fn keyed(key: &str, body: &str) -> Option<IdempotencyKey> {
    Some(IdempotencyKey { key: key.into(), body: body.into() })
}

impl House {
    pub(crate) fn new() -> Self {
        Self::on(MemoryStore::default())
    }

    pub(crate) fn with_second_complete(second: SecondComplete) -> Self {
        Self::on(MemoryStore::new(second))
    }

    fn on(store: MemoryStore) -> Self {
        let allowance = Allowance { open_uploads: 5, reserved_bytes: ByteCount::gib(2) };
        let Ground { app, catalog, store, clock } = Ground::lay(store, allowance, OwnerNaming::PlainWhereSafe);
        let videos = app.collection("videos").unwrap().clone();
        Self { app, catalog, store, clock, videos, owner: OwnerId::parse("42").unwrap() }
    }

    pub(crate) fn clock_now(&self) -> domain::Timestamp {
        server::clock::Clock::now(&*self.clock)
    }

    /// Lets time pass as it does while a server runs: the epoch rises, and no leap of the clock is seen.
    pub(crate) async fn live(&self, span: domain::TimeSpan) {
        self.live_until(self.clock_now() + span).await;
    }

    /// The same until a moment.
    pub(crate) async fn live_until(&self, end: domain::Timestamp) {
        loop {
            // Where the bucket is another's, it does not rise.
            drop(self.app.raise_epoch().await);
            let left = end.duration_since(self.clock_now());
            if left <= domain::TimeSpan::ZERO {
                return;
            }
            self.clock.advance(left.min(domain::TimeSpan::from_hours(1)));
        }
    }

    pub(crate) async fn create(&self, files: impl IntoIterator<Item = (RoleName, NewFile)>) -> Opened {
        self.try_create(upload_of(files)).await.unwrap()
    }

    pub(crate) async fn try_create(&self, upload: NewUpload) -> Result<Opened, CreateError> {
        self.app.create_asset(&self.owner, &self.videos, upload).await
    }

    /// The asset as the catalog has it, in any status.
    pub(crate) async fn row(&self, id: AssetId) -> Asset {
        self.catalog.find_asset_anywhere(id).await.unwrap().value.expect("the asset has a row")
    }

    /// The file a role points at: pending first.
    pub(crate) async fn file(&self, id: AssetId, name: &str) -> File {
        let asset = self.row(id).await;
        let place = &asset.places[&role(name)];
        place.pending.clone().or_else(|| place.published.clone()).expect("the role has a file")
    }

    pub(crate) async fn state(&self, id: AssetId, name: &str) -> StateName {
        self.file(id, name).await.state.name()
    }

    /// Sends a part as its client does; false if the store does not take it.
    pub(crate) fn send_part(&self, file: &File, number: u16, bytes: &[u8]) -> bool {
        let number = PartNumber::new(number.into()).unwrap();
        self.store.put_part(&file.key, file.upload(), number, Bytes::copy_from_slice(bytes)).is_some()
    }

    /// Sends all parts of a file.
    pub(crate) async fn send(&self, id: AssetId, name: &str, content: &[u8]) {
        let file = self.file(id, name).await;
        for (part, number) in content.chunks(usize::try_from(file.plan.part_size().get()).unwrap()).zip(1..) {
            assert!(self.send_part(&file, number, part));
        }
    }

    pub(crate) async fn complete(&self, id: AssetId) -> Result<Completed, CompleteError> {
        self.complete_with(id, BTreeMap::new()).await
    }

    pub(crate) async fn complete_with(
        &self,
        id: AssetId,
        claims: BTreeMap<RoleName, Claim>,
    ) -> Result<Completed, CompleteError> {
        let completion = Completion { claims, ..Completion::default() };
        self.app.complete_asset(&self.owner, &self.videos, id, &completion).await
    }

    /// A film that is CREATED.
    pub(crate) async fn created_film(&self, size: u64) -> AssetId {
        let id = self.create([film(size)]).await.asset.id;
        self.send(id, "video", &mp4(size)).await;
        let completed = self.complete(id).await;
        assert!(matches!(completed, Ok(Completed::Created(_))), "{completed:?}");
        id
    }

    /// The names of all events there ever were, in order.
    pub(crate) async fn events(&self) -> Vec<&'static str> {
        let events = self.catalog.list_events(0, 1000).await.unwrap();
        events.into_iter().map(|(_, event)| event.kind.name()).collect()
    }

    /// Every object and every hidden upload, over both buckets.
    pub(crate) fn bucket(&self) -> (usize, usize) {
        (self.store.objects().len(), self.store.uploads().len())
    }

    /// Runs the lanes of files once, as a server that just started does.
    pub(crate) async fn run_jobs(&self) {
        for job in [DRIVE, DESTROY, RECHECK] {
            round(&self.app, job).await;
        }
    }

    /// Every file in a state, as its row is.
    pub(crate) async fn files_in(&self, state: StateName) -> Vec<File> {
        let mut files = Vec::new();
        for bucket in [Visibility::Private, Visibility::Public] {
            let rows = self.catalog.list_keys(bucket, "", None, u32::MAX).await.unwrap().value;
            for row in rows.into_iter().filter(|row| row.state == state) {
                files.push(self.catalog.find_file(row.shard(), row.id).await.unwrap().value.unwrap());
            }
        }
        files.sort_by_key(|file| file.id);
        files
    }

    /// Waits for what requests started and did not wait for.
    pub(crate) async fn settle(&self) {
        self.app.drain().await;
    }
}
