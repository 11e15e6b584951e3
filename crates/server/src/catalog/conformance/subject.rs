//! A catalog under test with its clock, and the steps that cases take with it.

use std::any::Any;
use std::sync::Arc;

use domain::change::{self, Change};
use domain::{
    Asset, AssetId, Event, File, FileId, FileState, OutboxEvent, Reason, Remains, TimeSpan, Timestamp, decide,
};

use super::samples;
use crate::catalog::{AssetQuery, Catalog, Reservation, Reserved, Written};
use crate::clock::{Clock as _, ManualClock};

/// More than any case writes: lists asked for this much show everything.
pub(crate) const ALL: u32 = 100;

/// An empty catalog and the clock it goes by.
pub(crate) struct Subject {
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) clock: Arc<ManualClock>,
    /// What must live as long as the catalog: its folder, its server.
    _home: Box<dyn Any + Send>,
}

impl Subject {
    pub(crate) fn new(catalog: Arc<dyn Catalog>, clock: Arc<ManualClock>, home: impl Any + Send) -> Self {
        Self { catalog, clock, _home: Box::new(home) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn wait(&self, span: TimeSpan) {
        self.clock.advance(span);
    }

    /// A reservation made now.
    pub(crate) fn reservation(&self, owner: &str, roles: &[&str]) -> Reservation {
        samples::reservation(owner, roles, self.now())
    }

    /// Reserves an asset, and moves the clock so that the next one is newer.
    pub(crate) async fn reserve(&self, reservation: &Reservation) -> Asset {
        assert_eq!(self.catalog.reserve(reservation).await.unwrap(), Reserved::Fresh);
        self.wait(TimeSpan::from_millis(1));
        reservation.asset.clone()
    }

    /// A fresh UPLOADING asset.
    pub(crate) async fn reserved(&self, owner: &str, roles: &[&str]) -> Asset {
        self.reserve(&self.reservation(owner, roles)).await
    }

    /// A fresh CREATED asset.
    pub(crate) async fn created(&self, owner: &str, roles: &[&str]) -> Asset {
        let asset = self.reserved(owner, roles).await;
        self.verify_pending(asset.id).await;
        self.publish(asset.id).await
    }

    pub(crate) async fn asset(&self, id: AssetId) -> Asset {
        self.catalog.find_asset(id).await.unwrap().value.unwrap()
    }

    pub(crate) async fn file(&self, id: FileId) -> File {
        self.catalog.find_file(id).await.unwrap().value.unwrap()
    }

    /// Lets a file take a step, as the server would.
    pub(crate) async fn step(&self, id: FileId, event: Event) -> File {
        let read = self.catalog.find_file(id).await.unwrap();
        let file = read.value.unwrap();
        let next = decide(&file, &event, read.now).unwrap().next;
        assert_eq!(self.catalog.advance(file.fence, &next, &[]).await.unwrap(), Written::Done);
        next
    }

    pub(crate) async fn open(&self, id: FileId) -> File {
        let file = self.file(id).await;
        self.step(id, samples::opened(&file)).await
    }

    pub(crate) async fn commit(&self, id: FileId) -> File {
        let file = self.open(id).await;
        self.step(id, samples::frozen(&file)).await
    }

    pub(crate) async fn verify(&self, id: FileId) -> File {
        let file = self.commit(id).await;
        self.step(id, samples::right(&file)).await
    }

    /// Brings every pending file of an asset to VERIFIED.
    pub(crate) async fn verify_pending(&self, id: AssetId) {
        for file in self.asset(id).await.pending() {
            self.verify(file.id).await;
        }
    }

    /// Ends a file as verification would.
    pub(crate) async fn reject(&self, id: FileId) -> File {
        self.step(id, Event::Ended(Reason::ContentMismatch)).await
    }

    /// Closes a file that is DELETING.
    pub(crate) async fn close(&self, id: FileId) -> File {
        self.step(id, Event::Destroyed).await
    }

    /// Looks at a closed file again and again until it may be purged.
    pub(crate) async fn recheck_to_the_end(&self, id: FileId) -> File {
        loop {
            let file = self.file(id).await;
            let FileState::Closed { recheck_at, .. } = &file.state else { panic!("{} is not closed", file.id) };
            self.clock.set(*recheck_at);
            let decision = decide(&file, &Event::Rechecked(Remains::Nothing), self.now()).unwrap();
            if !decision.writes(&file) {
                return file;
            }
            assert_eq!(self.catalog.advance(file.fence, &decision.next, &[]).await.unwrap(), Written::Done);
        }
    }

    pub(crate) async fn apply(&self, change: &Change) -> Asset {
        assert_eq!(self.catalog.apply(change).await.unwrap(), Written::Done);
        change.asset.clone()
    }

    pub(crate) async fn publish(&self, id: AssetId) -> Asset {
        let asset = self.asset(id).await;
        self.apply(&change::publish(&asset, self.now()).unwrap()).await
    }

    pub(crate) async fn delete(&self, id: AssetId) -> Asset {
        let asset = self.asset(id).await;
        self.apply(&change::delete(&asset, self.now()).unwrap()).await
    }

    /// Announces another file of 20 MiB for a role.
    pub(crate) async fn announce(&self, id: AssetId, role: &str) -> File {
        let asset = self.asset(id).await;
        let file = samples::file(&asset, role, domain::ByteCount::mib(20), self.now());
        self.apply(&change::announce(&asset, file.clone()).unwrap()).await;
        file
    }

    /// What an owner sees, everything at once.
    pub(crate) fn query(&self, owner: &str) -> AssetQuery {
        AssetQuery {
            owner: samples::owner(owner),
            collection: samples::collection("videos"),
            status: None,
            title_contains: None,
            fingerprint: None,
            before: None,
            limit: ALL,
        }
    }

    pub(crate) async fn listed(&self, query: &AssetQuery) -> Vec<AssetId> {
        self.catalog.list_assets(query).await.unwrap().value.into_iter().map(|asset| asset.id).collect()
    }

    pub(crate) async fn expirable(&self) -> Vec<AssetId> {
        let read = self.catalog.list_expirable(None, None, ALL).await.unwrap();
        read.value.into_iter().map(|asset| asset.id).collect()
    }

    /// Every event there is.
    pub(crate) async fn events(&self) -> Vec<OutboxEvent> {
        self.catalog.list_events(0, ALL).await.unwrap().into_iter().map(|(_, event)| event).collect()
    }
}
