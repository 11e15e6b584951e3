//! The catalog in memory: one lock over plain maps, and the strictest backend there is.
//!
//! It is no mock: it passes the same suite as the databases, and simulations run on it. Beyond the suite it holds every
//! write against its rows and panics on what no caller may do ([`super::duties`]). *Invariant*: a write asserts first
//! and changes afterwards, so that a panic leaves every map as it was.

#[cfg(test)]
mod conformance;
mod tables;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::change::Change;
use domain::reconcile::{KeyedFile, Orphan};
use domain::{
    Asset, AssetId, ByteCount, Fence, File, FileId, Installation, InstallationId, OutboxEvent, OwnerId, StateName,
    StoreProfile, TimeSpan, Timestamp, Visibility,
};

use super::{
    Announced, AssetPatch, AssetQuery, Catalog, CatalogError, IdempotencyClaim, Reservation, Reserved, Stamped,
    StatusName, Survey, Surveyed, Written, duties,
};
use crate::clock::Clock;
use tables::Tables;

/// The catalog in memory.
pub struct MemoryCatalog {
    clock: Arc<dyn Clock>,
    /// `None` once closed.
    tables: Mutex<Option<Tables>>,
}

/// A catalog as it was at some moment.
#[derive(Debug, Clone)]
pub struct Backup(Tables);

/// Somebody called after [`Catalog::close`].
#[derive(Debug, thiserror::Error)]
#[error("the catalog is closed")]
struct Closed;

impl MemoryCatalog {
    /// An empty catalog that takes its time from `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, tables: Mutex::new(Some(Tables::default())) }
    }

    /// Everything as it is now.
    ///
    /// # Panics
    /// If it is closed.
    pub fn backup(&self) -> Backup {
        Backup(self.lock().clone().expect("an open catalog is backed up"))
    }

    /// Makes everything as it was, as an operator does who restores a backup.
    pub fn restore(&self, backup: Backup) {
        *self.lock() = Some(backup.0);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Tables>> {
        // A panic under the lock was an assertion, and those come before any change.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one transaction or one read at one time.
    fn with<T>(&self, run: impl FnOnce(&mut Tables, Timestamp) -> T) -> Result<T, CatalogError> {
        let mut guard = self.lock();
        let tables = guard.as_mut().ok_or_else(|| CatalogError::Unavailable(Box::new(Closed)))?;
        Ok(run(tables, self.clock.now()))
    }

    fn read<T>(&self, read: impl FnOnce(&Tables, Timestamp) -> T) -> Result<Stamped<T>, CatalogError> {
        self.with(|tables, now| Stamped { now, value: read(tables, now) })
    }
}

#[async_trait]
impl Catalog for MemoryCatalog {
    async fn now(&self) -> Result<Timestamp, CatalogError> {
        self.with(|_, now| now)
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, CatalogError> {
        duties::of_reservation(reservation);
        self.with(|tables, now| tables.reserve(reservation, now))
    }

    async fn settle(&self, owner: &OwnerId, claim: &IdempotencyClaim) -> Result<(), CatalogError> {
        self.with(|tables, _| tables.settle(owner, claim))
    }

    async fn find_asset(&self, id: AssetId) -> Result<Stamped<Option<Asset>>, CatalogError> {
        self.read(|tables, _| tables.find_asset(id))
    }

    async fn list_assets(&self, query: &AssetQuery) -> Result<Stamped<Vec<Asset>>, CatalogError> {
        duties::of_query(query);
        self.read(|tables, _| tables.list_assets(query))
    }

    async fn survey_assets(&self, survey: &Survey) -> Result<Stamped<Surveyed>, CatalogError> {
        duties::of_survey(survey);
        self.read(|tables, _| tables.survey_assets(survey))
    }

    async fn patch_asset(&self, id: AssetId, from: Fence, patch: &AssetPatch) -> Result<Written, CatalogError> {
        self.with(|tables, _| tables.patch_asset(id, from, patch))
    }

    async fn find_file(&self, id: FileId) -> Result<Stamped<Option<File>>, CatalogError> {
        self.read(|tables, _| tables.find_file(id))
    }

    async fn advance(&self, from: Fence, next: &File, events: &[OutboxEvent]) -> Result<Written, CatalogError> {
        duties::of_advance(from, next, events);
        self.with(|tables, _| tables.advance(from, next, events))
    }

    async fn apply(&self, change: &Change) -> Result<Written, CatalogError> {
        duties::of_change(change);
        self.with(|tables, _| tables.apply(change))
    }

    async fn announce(&self, change: &Change, reserved_bytes: ByteCount) -> Result<Announced, CatalogError> {
        duties::of_announcement(change);
        self.with(|tables, _| tables.announce(change, reserved_bytes))
    }

    async fn list_files(
        &self,
        state: StateName,
        after: Option<FileId>,
        limit: u32,
    ) -> Result<Stamped<Vec<File>>, CatalogError> {
        self.read(|tables, now| tables.list_files(state, after, limit, now))
    }

    async fn list_awaited(&self, after: Option<FileId>, limit: u32) -> Result<Stamped<Vec<File>>, CatalogError> {
        self.read(|tables, now| tables.list_awaited(after, limit, now))
    }

    async fn list_expirable(
        &self,
        as_of: Option<Timestamp>,
        after: Option<AssetId>,
        limit: u32,
    ) -> Result<Stamped<Vec<Asset>>, CatalogError> {
        self.read(|tables, now| tables.list_expirable(as_of.unwrap_or(now), after, limit))
    }

    async fn list_keys(
        &self,
        visibility: Visibility,
        from: &str,
        upto: Option<&str>,
        limit: u32,
    ) -> Result<Stamped<Vec<KeyedFile>>, CatalogError> {
        self.read(|tables, _| tables.list_keys(visibility, from, upto, limit))
    }

    async fn adopt_orphan(&self, orphan: &Orphan) -> Result<Written, CatalogError> {
        duties::of_orphan(orphan);
        self.with(|tables, _| tables.adopt_orphan(orphan))
    }

    async fn load_installation(&self, fresh: InstallationId) -> Result<Stamped<Installation>, CatalogError> {
        self.with(|tables, now| Stamped { now, value: tables.load_installation(fresh) })
    }

    async fn replace_installation(&self, from: &Installation, next: &Installation) -> Result<Written, CatalogError> {
        duties::of_installation(from, next);
        self.with(|tables, _| tables.replace_installation(from, next))
    }

    async fn purge(&self, file: FileId, from: Fence) -> Result<Written, CatalogError> {
        self.with(|tables, now| tables.purge(file, from, now))
    }

    async fn forget_requests(&self) -> Result<u64, CatalogError> {
        self.with(|tables, now| tables.forget_requests(now))
    }

    async fn take_lease(&self, name: &str, holder: &str, life: TimeSpan) -> Result<bool, CatalogError> {
        self.with(|tables, now| tables.take_lease(name, holder, now, now + life))
    }

    async fn release_lease(&self, name: &str, holder: &str) -> Result<(), CatalogError> {
        self.with(|tables, _| tables.release_lease(name, holder))
    }

    async fn list_events(&self, after: u64, limit: u32) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        self.with(|tables, _| tables.list_events(after, limit))
    }

    async fn list_owner_events(
        &self,
        owner: &OwnerId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        self.with(|tables, _| tables.list_owner_events(owner, after, limit))
    }

    async fn list_asset_events(&self, asset: AssetId, limit: u32) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        self.with(|tables, _| tables.list_asset_events(asset, limit))
    }

    async fn last_event_position(&self) -> Result<u64, CatalogError> {
        self.with(|tables, _| tables.last_event_position())
    }

    async fn count_files(&self) -> Result<Vec<(StateName, u64)>, CatalogError> {
        self.with(|tables, _| tables.count_files())
    }

    async fn count_assets(&self) -> Result<Vec<(StatusName, u64)>, CatalogError> {
        self.with(|tables, _| tables.count_assets())
    }

    async fn load_profile(&self) -> Result<Option<StoreProfile>, CatalogError> {
        self.with(|tables, _| tables.profile.clone())
    }

    async fn store_profile(&self, profile: &StoreProfile) -> Result<(), CatalogError> {
        self.with(|tables, _| tables.profile = Some(profile.clone()))
    }

    async fn close(&self) {
        *self.lock() = None;
    }
}
