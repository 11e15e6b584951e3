//! What happens to an asset and its files in one transaction: [`domain::Change`], and the removal of what is over.
//!
//! The asset's row is written first, then its files: every transaction takes its rows in that order.

use domain::change::Change;
use domain::{Asset, Fence, FileId, Shard, Timestamp};
use sqlx::sqlite::SqliteConnection;

use super::rows::{self, micros, signed};
use super::{SqliteCatalog, assets, commit, failure, files, give_up, outbox, owners, search};
use crate::catalog::{CatalogError, IDEMPOTENCY_KEPT, Written};

const INSERT_PLACE: &str =
    "INSERT INTO places (shard, asset, role, published_file, pending_file) VALUES (?, ?, ?, ?, ?)";
pub(super) const DELETE_PLACES: &str = "DELETE FROM places WHERE shard = ? AND asset = ?";

/// The asset of a file that may be purged.
pub(super) const FIND_CLOSED: &str =
    "SELECT asset FROM files WHERE shard = ? AND id = ? AND fence = ? AND state = 'CLOSED'";
pub(super) const UNPLACE_PUBLISHED: &str =
    "UPDATE places SET published_file = NULL WHERE shard = ? AND published_file = ?";
pub(super) const UNPLACE_PENDING: &str = "UPDATE places SET pending_file = NULL WHERE shard = ? AND pending_file = ?";
pub(super) const TOUCH_ASSET: &str = "UPDATE assets SET revision = revision + 1 WHERE shard = ? AND id = ?";
pub(super) const DELETE_FILE: &str = "DELETE FROM files WHERE shard = ? AND id = ?";
pub(super) const FIND_OVER: &str = "SELECT COUNT(*) FROM assets \
    WHERE shard = ? AND id = ? AND status = 'GONE' \
    AND NOT EXISTS (SELECT 1 FROM files WHERE files.shard = assets.shard AND files.asset = assets.id)";
pub(super) const DELETE_ASSET: &str = "DELETE FROM assets WHERE shard = ? AND id = ?";
pub(super) const DELETE_EVENTS: &str = "DELETE FROM outbox WHERE shard = ? AND asset = ? AND at < ?";

pub(super) async fn apply(catalog: &SqliteCatalog, change: &Change) -> Result<Written, CatalogError> {
    let mut transaction = catalog.begin().await?;
    if write(&mut transaction, change).await? == Written::Stale {
        return give_up(transaction).await;
    }
    owners::settle(&mut transaction, &change.asset.owner, change.delta).await?;
    commit(transaction).await?;
    Ok(Written::Done)
}

/// Writes a change but for what it moves of its owner's usage. Stale: the transaction must be given up.
pub(super) async fn write(connection: &mut SqliteConnection, change: &Change) -> Result<Written, CatalogError> {
    let asset = &change.asset;
    if assets::replace(connection, change.from_revision, asset).await? == Written::Stale {
        return Ok(Written::Stale);
    }
    for (from, next) in &change.files {
        if files::replace(connection, *from, next, failure::classify).await? == Written::Stale {
            return Ok(Written::Stale);
        }
    }
    if let Some(file) = &change.announced {
        files::insert(connection, &asset.owner, file).await?;
    }
    execute(connection, DELETE_PLACES, asset.shard(), asset.id.to_string()).await?;
    insert_places(connection, asset).await?;
    outbox::append(connection, &change.events).await?;
    Ok(Written::Done)
}

/// Writes where an asset's roles point. A place without files stays: it says that the role had one.
pub(super) async fn insert_places(connection: &mut SqliteConnection, asset: &Asset) -> Result<(), CatalogError> {
    for (role, place) in &asset.places {
        sqlx::query(INSERT_PLACE)
            .bind(rows::shard(asset.shard()))
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

pub(super) async fn purge(
    catalog: &SqliteCatalog,
    shard: Shard,
    file: FileId,
    from: Fence,
) -> Result<Written, CatalogError> {
    let mut transaction = catalog.begin().await?;
    let find = sqlx::query_scalar(FIND_CLOSED).bind(rows::shard(shard)).bind(file.to_string()).bind(signed(from.0));
    let found: Option<String> = find.fetch_optional(&mut *transaction).await.map_err(failure::classify)?;
    let Some(asset) = found else { return give_up(transaction).await };
    let published = execute(&mut transaction, UNPLACE_PUBLISHED, shard, file.to_string()).await?;
    let pending = execute(&mut transaction, UNPLACE_PENDING, shard, file.to_string()).await?;
    if published + pending > 0 {
        // A change decided on the old pointers must find itself stale.
        execute(&mut transaction, TOUCH_ASSET, shard, asset.clone()).await?;
        search::refresh(&mut transaction, shard, &asset).await.map_err(failure::classify)?;
    }
    execute(&mut transaction, DELETE_FILE, shard, file.to_string()).await?;
    remove_if_over(&mut transaction, shard, asset, catalog.clock.now()).await?;
    commit(transaction).await?;
    Ok(Written::Done)
}

/// Removes an asset that is gone and has no file left, with what is remembered of it for a time only.
async fn remove_if_over(
    connection: &mut SqliteConnection,
    shard: Shard,
    asset: String,
    now: Timestamp,
) -> Result<(), CatalogError> {
    let find = sqlx::query_scalar(FIND_OVER).bind(rows::shard(shard)).bind(asset.clone());
    let over: i64 = find.fetch_one(&mut *connection).await.map_err(failure::classify)?;
    if over == 0 {
        return Ok(());
    }
    execute(connection, DELETE_PLACES, shard, asset.clone()).await?;
    execute(connection, DELETE_ASSET, shard, asset.clone()).await?;
    let query = sqlx::query(DELETE_EVENTS).bind(rows::shard(shard)).bind(asset).bind(micros(now - IDEMPOTENCY_KEPT));
    query.execute(&mut *connection).await.map_err(failure::classify)?;
    Ok(())
}

/// Runs a statement about one id and says how many rows it changed.
async fn execute(
    connection: &mut SqliteConnection,
    sql: &'static str,
    shard: Shard,
    id: String,
) -> Result<u64, CatalogError> {
    let query = sqlx::query(sql).bind(rows::shard(shard)).bind(id);
    let done = query.execute(connection).await.map_err(failure::classify)?;
    Ok(done.rows_affected())
}
