//! What happens to an asset and its files in one transaction: [`domain::Change`], and the removal of what is over.
//!
//! The asset's row is written first, then its files: every transaction takes its rows in that order.

use domain::change::Change;
use domain::{Asset, Fence, FileId, Timestamp};
use sqlx::sqlite::SqliteConnection;

use super::rows::{micros, signed};
use super::{SqliteCatalog, assets, commit, failure, files, give_up, outbox};
use crate::catalog::{CatalogError, IDEMPOTENCY_KEPT, Written};

const INSERT_PLACE: &str = "INSERT INTO places (asset, role, published_file, pending_file) VALUES (?, ?, ?, ?)";
pub(super) const DELETE_PLACES: &str = "DELETE FROM places WHERE asset = ?";

/// The asset of a file that may be purged.
pub(super) const FIND_CLOSED: &str = "SELECT asset FROM files WHERE id = ? AND fence = ? AND state = 'CLOSED'";
pub(super) const UNPLACE_PUBLISHED: &str = "UPDATE places SET published_file = NULL WHERE published_file = ?";
pub(super) const UNPLACE_PENDING: &str = "UPDATE places SET pending_file = NULL WHERE pending_file = ?";
pub(super) const TOUCH_ASSET: &str = "UPDATE assets SET revision = revision + 1 WHERE id = ?";
pub(super) const DELETE_FILE: &str = "DELETE FROM files WHERE id = ?";
pub(super) const FIND_OVER: &str = "SELECT COUNT(*) FROM assets \
    WHERE id = ? AND status = 'GONE' AND NOT EXISTS (SELECT 1 FROM files WHERE files.asset = assets.id)";
pub(super) const DELETE_ASSET: &str = "DELETE FROM assets WHERE id = ?";
pub(super) const DELETE_EVENTS: &str = "DELETE FROM outbox WHERE asset = ? AND at < ?";

pub(super) async fn apply(catalog: &SqliteCatalog, change: &Change) -> Result<Written, CatalogError> {
    let mut transaction = catalog.begin().await?;
    match write(&mut transaction, change).await? {
        Written::Done => commit(transaction).await.map(|()| Written::Done),
        Written::Stale => give_up(transaction).await,
    }
}

/// Writes a change, all of it unless it is stale: then the transaction must be given up.
pub(super) async fn write(connection: &mut SqliteConnection, change: &Change) -> Result<Written, CatalogError> {
    let asset = &change.asset;
    if assets::replace(connection, change.from_revision, asset).await? == Written::Stale {
        return Ok(Written::Stale);
    }
    for (from, next) in &change.files {
        if files::replace(connection, *from, next).await? == Written::Stale {
            return Ok(Written::Stale);
        }
    }
    if let Some(file) = &change.announced {
        files::insert(connection, &asset.owner, file).await?;
    }
    execute(connection, DELETE_PLACES, asset.id.to_string()).await?;
    insert_places(connection, asset).await?;
    outbox::append(connection, &change.events).await?;
    Ok(Written::Done)
}

/// Writes where an asset's roles point. A place without files stays: it says that the role had one.
pub(super) async fn insert_places(connection: &mut SqliteConnection, asset: &Asset) -> Result<(), CatalogError> {
    for (role, place) in &asset.places {
        sqlx::query(INSERT_PLACE)
            .bind(asset.id.to_string())
            .bind(role.as_str().to_owned())
            .bind(place.published.as_ref().map(|file| file.id.to_string()))
            .bind(place.pending.as_ref().map(|file| file.id.to_string()))
            .execute(&mut *connection)
            .await
            .map_err(failure::classify)?;
    }
    Ok(())
}

pub(super) async fn purge(catalog: &SqliteCatalog, file: FileId, from: Fence) -> Result<Written, CatalogError> {
    let mut transaction = catalog.begin().await?;
    let find = sqlx::query_scalar(FIND_CLOSED).bind(file.to_string()).bind(signed(from.0));
    let found: Option<String> = find.fetch_optional(&mut *transaction).await.map_err(failure::classify)?;
    let Some(asset) = found else { return give_up(transaction).await };
    let published = execute(&mut transaction, UNPLACE_PUBLISHED, file.to_string()).await?;
    let pending = execute(&mut transaction, UNPLACE_PENDING, file.to_string()).await?;
    if published + pending > 0 {
        // A change decided on the old pointers must find itself stale.
        execute(&mut transaction, TOUCH_ASSET, asset.clone()).await?;
    }
    execute(&mut transaction, DELETE_FILE, file.to_string()).await?;
    remove_if_over(&mut transaction, asset, catalog.clock.now()).await?;
    commit(transaction).await?;
    Ok(Written::Done)
}

/// Removes an asset that is gone and has no file left, with what is remembered of it for a time only.
async fn remove_if_over(connection: &mut SqliteConnection, asset: String, now: Timestamp) -> Result<(), CatalogError> {
    let find = sqlx::query_scalar(FIND_OVER).bind(asset.clone());
    let over: i64 = find.fetch_one(&mut *connection).await.map_err(failure::classify)?;
    if over == 0 {
        return Ok(());
    }
    execute(connection, DELETE_PLACES, asset.clone()).await?;
    execute(connection, DELETE_ASSET, asset.clone()).await?;
    let query = sqlx::query(DELETE_EVENTS).bind(asset).bind(micros(now - IDEMPOTENCY_KEPT));
    query.execute(&mut *connection).await.map_err(failure::classify)?;
    Ok(())
}

/// Runs a statement about one id and says how many rows it changed.
async fn execute(connection: &mut SqliteConnection, sql: &'static str, id: String) -> Result<u64, CatalogError> {
    let done = sqlx::query(sql).bind(id).execute(connection).await.map_err(failure::classify)?;
    Ok(done.rows_affected())
}
