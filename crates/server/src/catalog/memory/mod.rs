//! The catalog in memory: one lock over plain maps, and the strictest backend there is.
//!
//! It is no mock: it passes the same suite as the databases, and simulations run on it. Beyond the suite it holds every
//! write against its rows and panics on what no caller may do ([`super::duties`]). *Invariant*: a write asserts first
//! and changes afterwards, so that a panic leaves every map as it was.

#[cfg(test)]
mod conformance;
mod due_work;
mod tables;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::change::Change;
use domain::quota::Usage;
use domain::reconcile::{KeyedFile, Orphan};
use domain::{
    Asset, AssetId, Fence, File, FileId, Installation, InstallationId, OutboxEvent, OwnerId, Shard, StateName,
    StoreProfile, TimeSpan, Timestamp, Visibility,
};

use super::{
    Allowance, Announced, AssetList, AssetPatch, AssetQuery, Catalog, CatalogError, Figures, IdempotencyClaim,
    InstallationRecord, Members, Outbox, OwnerUsage, Purpose, Reservation, Reserved, Rows, Stamped, StatusName, Survey,
    Written, duties,
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

    /// Makes a row unreadable to the lanes, as one that a newer version has written.
    pub fn spoil(&self, id: &str) {
        if let Some(tables) = self.lock().as_mut() {
            tables.unreadable.insert(id.to_owned());
        }
    }

    /// Takes what a row owes its time, as a hand in a database may: a file's own, or its asset's while it is pending.
    ///
    /// # Panics
    /// If it is closed or has no such file.
    pub fn lose_due_time(&self, id: FileId) {
        self.lock().as_mut().expect("an open catalog has rows").lose_due_time(id);
    }

    /// When somebody takes a file up without being asked ([`KeyedFile::due_at`]): for simulations.
    ///
    /// # Panics
    /// If it is closed.
    pub fn owed_at(&self, id: FileId) -> Option<Timestamp> {
        let guard = self.lock();
        let tables = guard.as_ref().expect("an open catalog has rows");
        tables.row(id).and_then(|file| tables.owed_at(&file))
    }

    /// A file's row, whatever its shard: for simulations and tests, which look past the port.
    ///
    /// # Panics
    /// If it is closed.
    pub fn row(&self, id: FileId) -> Option<File> {
        self.lock().as_ref().expect("an open catalog has rows").row(id)
    }

    /// An asset, whatever its shard: for simulations and tests.
    ///
    /// # Panics
    /// If it is closed.
    pub fn asset(&self, id: AssetId) -> Option<Asset> {
        self.lock().as_ref().expect("an open catalog has rows").find_asset_anywhere(id)
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
impl Rows for MemoryCatalog {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, CatalogError> {
        duties::of_reservation(reservation);
        self.with(|tables, now| tables.reserve(reservation, now))
    }

    async fn settle(&self, owner: &OwnerId, claim: &IdempotencyClaim) -> Result<(), CatalogError> {
        self.with(|tables, _| tables.settle(owner, claim))
    }

    async fn find_asset(
        &self,
        shard: Shard,
        id: AssetId,
        _purpose: Purpose,
    ) -> Result<Stamped<Option<Asset>>, CatalogError> {
        self.read(|tables, _| tables.find_asset(shard, id))
    }

    async fn list_assets(&self, query: &AssetQuery) -> Result<Stamped<AssetList>, CatalogError> {
        duties::of_query(query);
        self.read(|tables, _| tables.list_assets(query))
    }

    async fn patch_asset(
        &self,
        shard: Shard,
        id: AssetId,
        from: Fence,
        patch: &AssetPatch,
    ) -> Result<Written, CatalogError> {
        self.with(|tables, _| tables.patch_asset(shard, id, from, patch))
    }

    async fn find_file(&self, shard: Shard, id: FileId) -> Result<Stamped<Option<File>>, CatalogError> {
        self.read(|tables, _| tables.find_file(shard, id))
    }

    async fn advance(&self, before: &File, next: &File, events: &[OutboxEvent]) -> Result<Written, CatalogError> {
        duties::of_advance(before, next, events);
        self.with(|tables, _| tables.advance(before, next, events))
    }

    async fn apply(&self, change: &Change) -> Result<Written, CatalogError> {
        duties::of_change(change);
        self.with(|tables, _| tables.apply(change))
    }

    async fn announce(&self, change: &Change, allowance: Allowance) -> Result<Announced, CatalogError> {
        duties::of_announcement(change);
        self.with(|tables, _| tables.announce(change, allowance))
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

    async fn purge(&self, shard: Shard, file: FileId, from: Fence) -> Result<Written, CatalogError> {
        self.with(|tables, now| tables.purge(shard, file, from, now))
    }

    async fn forget_requests(&self) -> Result<u64, CatalogError> {
        self.with(|tables, now| tables.forget_requests(now))
    }
}

#[async_trait]
impl Outbox for MemoryCatalog {
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

    async fn list_asset_events(
        &self,
        shard: Shard,
        asset: AssetId,
        limit: u32,
    ) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        self.with(|tables, _| tables.list_asset_events(shard, asset, limit))
    }

    async fn last_event_position(&self) -> Result<u64, CatalogError> {
        self.with(|tables, _| tables.last_event_position())
    }
}

#[async_trait]
impl Members for MemoryCatalog {
    async fn renew_member(&self, member: &str, life: TimeSpan) -> Result<Vec<String>, CatalogError> {
        self.with(|tables, now| tables.renew_member(member, now, now + life))
    }

    async fn remove_member(&self, member: &str) -> Result<(), CatalogError> {
        self.with(|tables, _| tables.remove_member(member))
    }
}

#[async_trait]
impl InstallationRecord for MemoryCatalog {
    async fn now(&self) -> Result<Timestamp, CatalogError> {
        self.with(|_, now| now)
    }

    async fn load_installation(&self, fresh: InstallationId) -> Result<Stamped<Installation>, CatalogError> {
        self.with(|tables, now| Stamped { now, value: tables.load_installation(fresh) })
    }

    async fn replace_installation(&self, from: &Installation, next: &Installation) -> Result<Written, CatalogError> {
        duties::of_installation(from, next);
        self.with(|tables, _| tables.replace_installation(from, next))
    }

    async fn load_profile(&self) -> Result<Option<StoreProfile>, CatalogError> {
        self.with(|tables, _| tables.profile.clone())
    }

    async fn store_profile(&self, profile: &StoreProfile) -> Result<(), CatalogError> {
        self.with(|tables, _| tables.profile = Some(profile.clone()))
    }
}

#[async_trait]
impl Figures for MemoryCatalog {
    async fn survey_assets(&self, survey: &Survey) -> Result<Stamped<AssetList>, CatalogError> {
        duties::of_survey(survey);
        self.read(|tables, _| tables.survey_assets(survey))
    }

    async fn find_asset_anywhere(&self, id: AssetId) -> Result<Stamped<Option<Asset>>, CatalogError> {
        self.read(|tables, _| tables.find_asset_anywhere(id))
    }

    async fn load_usage(&self, owner: &OwnerId) -> Result<Usage, CatalogError> {
        self.with(|tables, _| tables.load_usage(owner))
    }

    async fn recount_usage(&self, after: Option<&OwnerId>, limit: u32) -> Result<Vec<OwnerUsage>, CatalogError> {
        self.with(|tables, _| tables.recount_usage(after, limit))
    }

    async fn count_files(&self) -> Result<Vec<(StateName, u64)>, CatalogError> {
        self.with(|tables, _| tables.count_files())
    }

    async fn count_assets(&self) -> Result<Vec<(StatusName, u64)>, CatalogError> {
        self.with(|tables, _| tables.count_assets())
    }
}

#[async_trait]
impl Catalog for MemoryCatalog {
    async fn close(&self) {
        *self.lock() = None;
    }
}
