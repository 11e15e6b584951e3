//! Idempotency records: what a repeated request is answered with.

use domain::{AssetId, OwnerId, TimeSpan, Timestamp};
use sqlx::sqlite::SqliteConnection;

use super::rows::{self, Cells, micros};
use super::{SqliteCatalog, failure};
use crate::catalog::{CatalogError, FORGOTTEN_AT_ONCE, IDEMPOTENCY_KEPT, IdempotencyClaim, Reserved};

pub(super) const FIND: &str = "SELECT asset, body, created_at, leased_at, settled_at IS NOT NULL FROM idempotency \
    WHERE shard = ? AND owner = ? AND route = ? AND request_key = ?";
const INSERT: &str = "INSERT INTO idempotency (shard, owner, route, request_key, body, asset, created_at, leased_at) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const DELETE: &str = "DELETE FROM idempotency WHERE shard = ? AND owner = ? AND route = ? AND request_key = ?";
const RENEW: &str =
    "UPDATE idempotency SET leased_at = ? WHERE shard = ? AND owner = ? AND route = ? AND request_key = ?";
const SETTLE: &str = "UPDATE idempotency SET settled_at = ? \
    WHERE shard = ? AND owner = ? AND route = ? AND request_key = ? AND body = ? AND settled_at IS NULL";
pub(super) const FORGET: &str = "DELETE FROM idempotency WHERE (shard, owner, route, request_key) IN \
    (SELECT shard, owner, route, request_key FROM idempotency WHERE created_at < ? ORDER BY created_at LIMIT ?)";

/// Binds what a record is found by.
macro_rules! bind_claim {
    ($query:expr, $owner:expr, $claim:expr) => {
        $query
            .bind(rows::shard($owner.shard()))
            .bind($owner.as_str().to_owned())
            .bind($claim.route.clone())
            .bind($claim.key.clone())
    };
}

/// What the record of a claim answers, if there is one that counts. Takes it over if it was leased longer ago than
/// `lease`.
pub(super) async fn answer(
    connection: &mut SqliteConnection,
    owner: &OwnerId,
    claim: &IdempotencyClaim,
    now: Timestamp,
    lease: TimeSpan,
) -> Result<Option<Reserved>, CatalogError> {
    let found = bind_claim!(sqlx::query(FIND), owner, claim).fetch_optional(&mut *connection).await;
    let Some(row) = found.map_err(failure::classify)? else { return Ok(None) };
    let mut cells = Cells::new(&row, "idempotency", 0);
    let asset: AssetId = cells.id()?;
    let body: &str = cells.take()?;
    let (created_at, leased_at) = (cells.time()?, cells.time()?);
    let settled: bool = cells.take()?;
    if now.duration_since(created_at) > IDEMPOTENCY_KEPT {
        return Ok(None);
    }
    if body != claim.body {
        return Ok(Some(Reserved::KeyReused));
    }
    if settled {
        return Ok(Some(Reserved::Replay(asset)));
    }
    // A lease from a time that is still to come was taken before the clock was set back.
    if now.duration_since(leased_at).abs() <= lease {
        return Ok(Some(Reserved::InProgress));
    }
    let renew = bind_claim!(sqlx::query(RENEW).bind(micros(now)), owner, claim);
    renew.execute(connection).await.map_err(failure::classify)?;
    Ok(Some(Reserved::Resume(asset)))
}

/// Writes the record of a first request, in the place of one that no longer counts.
pub(super) async fn record(
    connection: &mut SqliteConnection,
    owner: &OwnerId,
    claim: &IdempotencyClaim,
    asset: AssetId,
    now: Timestamp,
) -> Result<(), CatalogError> {
    let delete = bind_claim!(sqlx::query(DELETE), owner, claim);
    delete.execute(&mut *connection).await.map_err(failure::classify)?;
    bind_claim!(sqlx::query(INSERT), owner, claim)
        .bind(claim.body.clone())
        .bind(asset.to_string())
        .bind(micros(now))
        .bind(micros(now))
        .execute(connection)
        .await
        .map_err(failure::classify)?;
    Ok(())
}

pub(super) async fn settle(
    catalog: &SqliteCatalog,
    owner: &OwnerId,
    claim: &IdempotencyClaim,
) -> Result<(), CatalogError> {
    let query = bind_claim!(sqlx::query(SETTLE).bind(micros(catalog.clock.now())), owner, claim);
    query.bind(claim.body.clone()).execute(&catalog.writer).await.map_err(failure::classify_commit)?;
    Ok(())
}

pub(super) async fn forget(catalog: &SqliteCatalog) -> Result<u64, CatalogError> {
    let old = catalog.clock.now() - IDEMPOTENCY_KEPT;
    let query = sqlx::query(FORGET).bind(micros(old)).bind(FORGOTTEN_AT_ONCE);
    let done = query.execute(&catalog.writer).await.map_err(failure::classify_commit)?;
    Ok(done.rows_affected())
}
