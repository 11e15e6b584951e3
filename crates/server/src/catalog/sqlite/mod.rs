//! The catalog in one SQLite file: for one machine, with nothing to run beside the server.
//!
//! One connection writes, a few read. Every write is one transaction that takes SQLite's write lock when it begins, or
//! a single statement; every read is a single statement, hence consistent. *Invariant*: an answered write is on the
//! disk, and a future dropped mid-way leaves all of its writes or none.
//!
//! The SQL is plain on purpose (no RETURNING, no upsert, no JSON operators), so that the MySQL twin can be read side by
//! side; each module holds the SQL of its tables.

mod assets;
mod changes;
#[cfg(test)]
mod conformance;
mod failure;
mod files;
mod idempotency;
mod installation;
mod keys;
mod leases;
mod outbox;
mod profile;
mod reservations;
mod rows;
mod schema;
mod settings;
mod survey;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use domain::change::Change;
use domain::reconcile::{KeyedFile, Orphan};
use domain::{
    Asset, AssetId, ByteCount, Fence, File, FileId, Installation, InstallationId, OutboxEvent, OwnerId, StateName,
    StoreProfile, TimeSpan, Timestamp, Visibility,
};
use sqlx::Transaction;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqlitePool};

pub use failure::OpenError;
pub use schema::{Migration, migrate};

use super::{
    Announced, AssetPatch, AssetQuery, Catalog, CatalogError, IDEMPOTENCY_LEASE, IdempotencyClaim, Reservation,
    Reserved, Stamped, StatusName, Survey, Surveyed, Written, duties,
};
use crate::clock::Clock;

/// The catalog in one SQLite file.
pub struct SqliteCatalog {
    writer: SqlitePool,
    readers: SqlitePool,
    /// The host's clock is the database's clock: there is one host.
    clock: Arc<dyn Clock>,
    idempotency_lease: TimeSpan,
}

impl SqliteCatalog {
    /// Opens the catalog file at `path`, making it or bringing it up to date first.
    ///
    /// # Errors
    /// If the file cannot be written, is no catalog, is locked, or was written by a newer program.
    pub async fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let failed = |source| OpenError::at(path.to_owned(), source);
        let applied = migrate(path).await?;
        for migration in &applied {
            tracing::info!(version = migration.version, name = migration.name, "migrated the catalog");
        }
        let writer = settings::writer(path).await.map_err(failed)?;
        // A write-protected file opens, and only then refuses: ask for the write lock once.
        let probe = writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        probe.rollback().await.map_err(failed)?;
        let readers = settings::readers(path).await.map_err(failed)?;
        Ok(Self { writer, readers, clock, idempotency_lease: IDEMPOTENCY_LEASE })
    }

    /// The same with another [`IDEMPOTENCY_LEASE`], for tests of the real binary that cannot wait so long.
    #[must_use]
    pub fn with_idempotency_lease(self, idempotency_lease: TimeSpan) -> Self {
        Self { idempotency_lease, ..self }
    }

    /// Begins a transaction that holds SQLite's write lock: what it reads stays true until it commits.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, CatalogError> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failure::classify)
    }

    /// A connection to read with, and the time, taken when there is nothing left to wait for.
    async fn reading(&self) -> Result<(PoolConnection<Sqlite>, Timestamp), CatalogError> {
        let connection = self.readers.acquire().await.map_err(failure::classify)?;
        Ok((connection, self.clock.now()))
    }
}

/// Makes a transaction's writes durable.
async fn commit(transaction: Transaction<'static, Sqlite>) -> Result<(), CatalogError> {
    transaction.commit().await.map_err(failure::classify)
}

/// Undoes what a transaction wrote before it lost its race.
async fn give_up(transaction: Transaction<'static, Sqlite>) -> Result<Written, CatalogError> {
    transaction.rollback().await.map_err(failure::classify)?;
    Ok(Written::Stale)
}

#[async_trait]
impl Catalog for SqliteCatalog {
    async fn now(&self) -> Result<Timestamp, CatalogError> {
        if self.readers.is_closed() {
            return Err(failure::classify(sqlx::Error::PoolClosed));
        }
        Ok(self.clock.now())
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, CatalogError> {
        duties::of_reservation(reservation);
        reservations::reserve(self, reservation).await
    }

    async fn settle(&self, owner: &OwnerId, claim: &IdempotencyClaim) -> Result<(), CatalogError> {
        idempotency::settle(self, owner, claim).await
    }

    async fn find_asset(&self, id: AssetId) -> Result<Stamped<Option<Asset>>, CatalogError> {
        assets::find(self, id).await
    }

    async fn list_assets(&self, query: &AssetQuery) -> Result<Stamped<Vec<Asset>>, CatalogError> {
        duties::of_query(query);
        assets::list(self, query).await
    }

    async fn survey_assets(&self, survey: &Survey) -> Result<Stamped<Surveyed>, CatalogError> {
        duties::of_survey(survey);
        survey::list(self, survey).await
    }

    async fn patch_asset(&self, id: AssetId, from: Fence, patch: &AssetPatch) -> Result<Written, CatalogError> {
        assets::patch(self, id, from, patch).await
    }

    async fn find_file(&self, id: FileId) -> Result<Stamped<Option<File>>, CatalogError> {
        files::find(self, id).await
    }

    async fn advance(&self, from: Fence, next: &File, events: &[OutboxEvent]) -> Result<Written, CatalogError> {
        duties::of_advance(from, next, events);
        files::advance(self, from, next, events).await
    }

    async fn apply(&self, change: &Change) -> Result<Written, CatalogError> {
        duties::of_change(change);
        changes::apply(self, change).await
    }

    async fn announce(&self, change: &Change, reserved_bytes: ByteCount) -> Result<Announced, CatalogError> {
        duties::of_announcement(change);
        reservations::announce(self, change, reserved_bytes).await
    }

    async fn list_files(
        &self,
        state: StateName,
        after: Option<FileId>,
        limit: u32,
    ) -> Result<Stamped<Vec<File>>, CatalogError> {
        files::list(self, state, after, limit).await
    }

    async fn list_awaited(&self, after: Option<FileId>, limit: u32) -> Result<Stamped<Vec<File>>, CatalogError> {
        files::list_awaited(self, after, limit).await
    }

    async fn list_expirable(
        &self,
        as_of: Option<Timestamp>,
        after: Option<AssetId>,
        limit: u32,
    ) -> Result<Stamped<Vec<Asset>>, CatalogError> {
        assets::list_expirable(self, as_of, after, limit).await
    }

    async fn list_keys(
        &self,
        visibility: Visibility,
        from: &str,
        upto: Option<&str>,
        limit: u32,
    ) -> Result<Stamped<Vec<KeyedFile>>, CatalogError> {
        keys::list(self, visibility, from, upto, limit).await
    }

    async fn adopt_orphan(&self, orphan: &Orphan) -> Result<Written, CatalogError> {
        duties::of_orphan(orphan);
        keys::adopt(self, orphan).await
    }

    async fn load_installation(&self, fresh: InstallationId) -> Result<Stamped<Installation>, CatalogError> {
        installation::load_or_make(self, fresh).await
    }

    async fn replace_installation(&self, from: &Installation, next: &Installation) -> Result<Written, CatalogError> {
        duties::of_installation(from, next);
        installation::replace(self, from, next).await
    }

    async fn purge(&self, file: FileId, from: Fence) -> Result<Written, CatalogError> {
        changes::purge(self, file, from).await
    }

    async fn forget_requests(&self) -> Result<u64, CatalogError> {
        idempotency::forget(self).await
    }

    async fn take_lease(&self, name: &str, holder: &str, life: TimeSpan) -> Result<bool, CatalogError> {
        leases::take(self, name, holder, life).await
    }

    async fn release_lease(&self, name: &str, holder: &str) -> Result<(), CatalogError> {
        leases::release(self, name, holder).await
    }

    async fn list_events(&self, after: u64, limit: u32) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        outbox::list(self, after, limit).await
    }

    async fn list_owner_events(
        &self,
        owner: &OwnerId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        outbox::list_of(self, owner, after, limit).await
    }

    async fn list_asset_events(&self, asset: AssetId, limit: u32) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        outbox::list_about(self, asset, limit).await
    }

    async fn last_event_position(&self) -> Result<u64, CatalogError> {
        outbox::last_position(self).await
    }

    async fn count_files(&self) -> Result<Vec<(StateName, u64)>, CatalogError> {
        files::count(self).await
    }

    async fn count_assets(&self) -> Result<Vec<(StatusName, u64)>, CatalogError> {
        survey::count(self).await
    }

    async fn load_profile(&self) -> Result<Option<StoreProfile>, CatalogError> {
        profile::load(self).await
    }

    async fn store_profile(&self, profile: &StoreProfile) -> Result<(), CatalogError> {
        profile::store(self, profile).await
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
