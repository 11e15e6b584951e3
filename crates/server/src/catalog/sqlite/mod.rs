//! The catalog in one SQLite file: for one machine, with nothing to run beside the server.
//!
//! One connection writes, a few read. Every write is one transaction that takes SQLite's write lock when it begins, or
//! a single statement; every read is a single statement, hence consistent. *Invariant*: an answered write is on the
//! disk, and a future dropped mid-way leaves all of its writes or none.
//!
//! The SQL is plain on purpose (no RETURNING, no ON CONFLICT, no JSON operators), so that a MySQL twin can be read side by
//! side; each module holds the SQL of its tables. Only MAX(0, x) would be spelled otherwise there.

mod assets;
mod changes;
#[cfg(test)]
mod conformance;
mod due_work;
mod failure;
mod figures;
mod files;
mod idempotency;
mod installation;
mod keys;
mod members;
mod outbox;
mod owners;
mod reservations;
mod rows;
mod schema;
mod search;
mod settings;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use domain::change::Change;
use domain::reconcile::{KeyedFile, Orphan};
use domain::{Asset, AssetId, Fence, File, FileId, OutboxEvent, OwnerId, Shard, TimeSpan, Timestamp, Visibility};
use sqlx::Transaction;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqlitePool};
use tokio::sync::Semaphore;

pub use failure::OpenError;
pub use schema::{Migration, migrate};

use super::{
    Allowance, Announced, AssetList, AssetPatch, AssetQuery, Catalog, CatalogError, IDEMPOTENCY_LEASE,
    IdempotencyClaim, Purpose, Reservation, Reserved, Rows, Stamped, Written, duties,
};
use crate::clock::Clock;

/// The catalog in one SQLite file.
pub struct SqliteCatalog {
    writer: SqlitePool,
    readers: SqlitePool,
    /// The host's clock is the database's clock: there is one host.
    clock: Arc<dyn Clock>,
    idempotency_lease: TimeSpan,
    /// Turns of searches.
    searching: Semaphore,
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
            tracing::debug!(version = migration.version, name = migration.name, "migrated the catalog");
        }
        if let Some(last) = applied.last() {
            tracing::info!(version = last.version, migrations = applied.len(), "brought the catalog up to date");
        }
        let files = settings::OpenFiles::at(path).map_err(failed)?;
        let writer = settings::writer(&files).await.map_err(failed)?;
        // A write-protected file opens, and only then refuses: ask for the write lock once.
        let probe = writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        probe.rollback().await.map_err(failed)?;
        let readers = settings::readers(&files).await.map_err(failed)?;
        let searching = Semaphore::new(search::SEARCHES);
        Ok(Self { writer, readers, clock, idempotency_lease: IDEMPOTENCY_LEASE, searching })
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
    transaction.commit().await.map_err(failure::classify_commit)
}

/// Undoes what a transaction wrote before it lost its race.
async fn give_up(transaction: Transaction<'static, Sqlite>) -> Result<Written, CatalogError> {
    transaction.rollback().await.map_err(failure::classify)?;
    Ok(Written::Stale)
}

#[async_trait]
impl Rows for SqliteCatalog {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, CatalogError> {
        duties::of_reservation(reservation);
        reservations::reserve(self, reservation).await
    }

    async fn settle(&self, owner: &OwnerId, claim: &IdempotencyClaim) -> Result<(), CatalogError> {
        idempotency::settle(self, owner, claim).await
    }

    async fn find_asset(
        &self,
        shard: Shard,
        id: AssetId,
        // There is one copy.
        _purpose: Purpose,
    ) -> Result<Stamped<Option<Asset>>, CatalogError> {
        assets::find(self, shard, id).await
    }

    async fn list_assets(&self, query: &AssetQuery) -> Result<Stamped<AssetList>, CatalogError> {
        duties::of_query(query);
        search::list(self, query).await
    }

    async fn patch_asset(
        &self,
        shard: Shard,
        id: AssetId,
        from: Fence,
        patch: &AssetPatch,
    ) -> Result<Written, CatalogError> {
        assets::patch(self, shard, id, from, patch).await
    }

    async fn find_file(&self, shard: Shard, id: FileId) -> Result<Stamped<Option<File>>, CatalogError> {
        files::find(self, shard, id).await
    }

    async fn advance(&self, before: &File, next: &File, events: &[OutboxEvent]) -> Result<Written, CatalogError> {
        duties::of_advance(before, next, events);
        files::advance(self, before, next, events).await
    }

    async fn apply(&self, change: &Change) -> Result<Written, CatalogError> {
        duties::of_change(change);
        changes::apply(self, change).await
    }

    async fn announce(&self, change: &Change, allowance: Allowance) -> Result<Announced, CatalogError> {
        duties::of_announcement(change);
        reservations::announce(self, change, allowance).await
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

    async fn purge(&self, shard: Shard, file: FileId, from: Fence) -> Result<Written, CatalogError> {
        changes::purge(self, shard, file, from).await
    }

    async fn forget_requests(&self) -> Result<u64, CatalogError> {
        idempotency::forget(self).await
    }
}

#[async_trait]
impl Catalog for SqliteCatalog {
    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
