//! What each owner has: one row, moved by the last statement of a transaction.
//!
//! *Invariant*: a row is never below zero and never above an allowance by what a charge added. The limits stand in the
//! statement's own condition, so that two writers cannot both find room for one.

use domain::OwnerId;
use domain::quota::{Delta, Usage};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::rows::{self, Cells, signed};
use super::{SqliteCatalog, failure};
use crate::catalog::{Allowance, CatalogError, OwnerUsage};

pub(super) const FIND: &str =
    "SELECT owner, open_uploads, reserved_bytes, stored_bytes FROM owners WHERE shard = ? AND owner = ?";

const INSERT: &str =
    "INSERT INTO owners (shard, owner, open_uploads, reserved_bytes, stored_bytes) VALUES (?, ?, ?, ?, ?)";

/// Whatever is given back too often stays at nothing: a wrong number must not keep anybody from deleting. `audit` tells.
pub(super) const MOVE: &str = "UPDATE owners SET open_uploads = MAX(0, open_uploads + ?), \
    reserved_bytes = MAX(0, reserved_bytes + ?), stored_bytes = MAX(0, stored_bytes + ?) \
    WHERE shard = ? AND owner = ? AND open_uploads <= ? AND reserved_bytes <= ?";

/// Kept and counted, owner after owner. Whoever has assets and no row is counted too.
pub(super) const RECOUNT: &str = "SELECT o.owner, \
    COALESCE(k.open_uploads, 0), COALESCE(k.reserved_bytes, 0), COALESCE(k.stored_bytes, 0), \
    (SELECT COUNT(*) FROM assets a WHERE a.shard = o.shard AND a.owner = o.owner AND a.status = 'UPLOADING') \
        + COALESCE(SUM(f.addition AND f.state IN ('RESERVED', 'UPLOADING', 'COMMITTING', 'VERIFIED')), 0), \
    COALESCE(SUM(CASE WHEN f.state IN ('RESERVED', 'UPLOADING', 'COMMITTING', 'VERIFIED') THEN f.size_bytes END), 0), \
    COALESCE(SUM(CASE WHEN f.state = 'CREATED' THEN f.size_bytes END), 0) \
    FROM (SELECT * FROM (SELECT shard, owner FROM owners WHERE (shard, owner) > (?1, ?2) \
            ORDER BY shard, owner LIMIT ?3) \
        UNION SELECT * FROM (SELECT DISTINCT shard, owner FROM assets WHERE (shard, owner) > (?1, ?2) \
            ORDER BY shard, owner LIMIT ?3) \
        ORDER BY shard, owner LIMIT ?3) o \
    LEFT JOIN owners k ON k.shard = o.shard AND k.owner = o.owner \
    LEFT JOIN assets own ON own.shard = o.shard AND own.owner = o.owner AND own.status <> 'GONE' \
    LEFT JOIN files f ON f.shard = own.shard AND f.asset = own.id \
    GROUP BY o.shard, o.owner ORDER BY o.shard, o.owner";

/// What came of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Charged {
    /// It is written.
    Done,
    /// It would be more open uploads than allowed.
    TooManyOpen,
    /// It would be more reserved bytes than allowed.
    TooManyBytes,
}

/// The most that may be there before a delta, so that no more than `limit` is there after it. What does not grow is
/// always allowed.
fn room(limit: u64, delta: i64) -> i64 {
    if delta <= 0 { i64::MAX } else { i64::try_from(limit).unwrap_or(i64::MAX).saturating_sub(delta) }
}

/// Moves an owner's usage, within what is allowed. Refused: the transaction must be given up.
pub(super) async fn charge(
    connection: &mut SqliteConnection,
    owner: &OwnerId,
    delta: Delta,
    allowance: Allowance,
) -> Result<Charged, CatalogError> {
    let open = room(allowance.open_uploads.into(), delta.open_uploads);
    let bytes = room(allowance.reserved_bytes.get(), delta.reserved_bytes);
    if shift(connection, owner, delta, open, bytes).await? {
        return Ok(Charged::Done);
    }
    let find = sqlx::query(FIND).bind(rows::shard(owner.shard())).bind(owner.as_str().to_owned());
    let row = find.fetch_optional(&mut *connection).await.map_err(failure::classify)?;
    let kept = row.as_ref().map(|row| usage(&mut named(row)?)).transpose()?;
    let has = kept.unwrap_or_default();
    if signed(has.open_uploads) > open {
        return Ok(Charged::TooManyOpen);
    }
    if signed(has.reserved_bytes.get()) > bytes {
        return Ok(Charged::TooManyBytes);
    }
    assert!(kept.is_none(), "a row that fits was moved");
    insert(connection, owner, delta).await?;
    Ok(Charged::Done)
}

/// Moves an owner's usage by what is no new upload: nothing keeps anybody from finishing or giving up.
pub(super) async fn settle(
    connection: &mut SqliteConnection,
    owner: &OwnerId,
    delta: Delta,
) -> Result<(), CatalogError> {
    if delta == Delta::NONE || shift(connection, owner, delta, i64::MAX, i64::MAX).await? {
        return Ok(());
    }
    insert(connection, owner, delta).await
}

async fn shift(
    connection: &mut SqliteConnection,
    owner: &OwnerId,
    delta: Delta,
    open: i64,
    bytes: i64,
) -> Result<bool, CatalogError> {
    let update = sqlx::query(MOVE)
        .bind(delta.open_uploads)
        .bind(delta.reserved_bytes)
        .bind(delta.stored_bytes)
        .bind(rows::shard(owner.shard()))
        .bind(owner.as_str().to_owned())
        .bind(open)
        .bind(bytes);
    let done = update.execute(connection).await.map_err(failure::classify)?;
    Ok(done.rows_affected() == 1)
}

/// The first row of an owner.
async fn insert(connection: &mut SqliteConnection, owner: &OwnerId, delta: Delta) -> Result<(), CatalogError> {
    let insert = sqlx::query(INSERT)
        .bind(rows::shard(owner.shard()))
        .bind(owner.as_str().to_owned())
        .bind(delta.open_uploads.max(0))
        .bind(delta.reserved_bytes.max(0))
        .bind(delta.stored_bytes.max(0));
    insert.execute(connection).await.map_err(failure::classify)?;
    Ok(())
}

pub(super) async fn find(catalog: &SqliteCatalog, owner: &OwnerId) -> Result<Usage, CatalogError> {
    let (mut connection, _) = catalog.reading().await?;
    let find = sqlx::query(FIND).bind(rows::shard(owner.shard())).bind(owner.as_str().to_owned());
    let row = find.fetch_optional(&mut *connection).await.map_err(failure::classify)?;
    row.as_ref().map_or_else(|| Ok(Usage::default()), |row| usage(&mut named(row)?))
}

pub(super) async fn recount(
    catalog: &SqliteCatalog,
    after: Option<&OwnerId>,
    limit: u32,
) -> Result<Vec<OwnerUsage>, CatalogError> {
    let (mut connection, _) = catalog.reading().await?;
    let query = sqlx::query(RECOUNT)
        .bind(after.map_or(-1, |owner| rows::shard(owner.shard())))
        .bind(after.map_or_else(String::new, |owner| owner.as_str().to_owned()))
        .bind(limit);
    let rows = query.fetch_all(&mut *connection).await.map_err(failure::classify)?;
    let read = |row| {
        let mut cells = Cells::new(row, "owners", 0);
        Ok(OwnerUsage { owner: cells.parse(OwnerId::parse)?, kept: usage(&mut cells)?, counted: usage(&mut cells)? })
    };
    rows.iter().map(read).collect()
}

/// A row whose first column is its owner, past that.
fn named(row: &SqliteRow) -> Result<Cells<'_>, CatalogError> {
    let mut cells = Cells::new(row, "owners", 0);
    cells.name()?;
    Ok(cells)
}

fn usage(cells: &mut Cells<'_>) -> Result<Usage, CatalogError> {
    let (open_uploads, reserved, stored) = (cells.unsigned()?, cells.unsigned()?, cells.unsigned()?);
    Ok(Usage { open_uploads, reserved_bytes: reserved.into(), stored_bytes: stored.into() })
}
