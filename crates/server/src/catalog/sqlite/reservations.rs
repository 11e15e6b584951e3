//! T1: an asset with its announced files, or the answer to a repeated request, or a refusal. And a file announced later,
//! which reserves bytes as well.

use domain::change::Change;
use domain::{Asset, ByteCount, OwnerId};
use sqlx::sqlite::SqliteConnection;

use super::rows::signed;
use super::{SqliteCatalog, assets, changes, commit, failure, files, idempotency};
use crate::catalog::{Allowance, Announced, CatalogError, Reservation, Reserved, Written};

pub(super) const COUNT_OPEN: &str = "SELECT COUNT(*) FROM assets WHERE owner = ? AND status = 'UPLOADING'";

/// What is pending and has not ended is in one of these states, and nothing else is: PROTOCOL's states before CREATED.
pub(super) const SUM_RESERVED: &str = "SELECT COALESCE(SUM(size_bytes), 0) FROM files \
    WHERE owner = ? AND state IN ('RESERVED', 'UPLOADING', 'COMMITTING', 'VERIFIED')";

pub(super) async fn reserve(catalog: &SqliteCatalog, reservation: &Reservation) -> Result<Reserved, CatalogError> {
    let asset = &reservation.asset;
    let mut transaction = catalog.begin().await?;
    let now = catalog.clock.now();
    if let Some(claim) = &reservation.idempotency
        && let Some(answer) =
            idempotency::answer(&mut transaction, &asset.owner, claim, now, catalog.idempotency_lease).await?
    {
        // Only a lease taken over has been written.
        commit(transaction).await?;
        return Ok(answer);
    }
    if let Some(refusal) = over_allowance(&mut transaction, asset, reservation.allowance).await? {
        transaction.rollback().await.map_err(failure::classify)?;
        return Ok(refusal);
    }
    assets::insert(&mut transaction, asset).await?;
    for file in asset.pending() {
        files::insert(&mut transaction, &asset.owner, file).await?;
    }
    changes::insert_places(&mut transaction, asset).await?;
    if let Some(claim) = &reservation.idempotency {
        idempotency::record(&mut transaction, &asset.owner, claim, asset.id, now).await?;
    }
    commit(transaction).await?;
    Ok(Reserved::Fresh)
}

pub(super) async fn announce(
    catalog: &SqliteCatalog,
    change: &Change,
    allowed: ByteCount,
) -> Result<Announced, CatalogError> {
    let mut transaction = catalog.begin().await?;
    let refused = match changes::write(&mut transaction, change).await? {
        Written::Stale => Announced::Stale,
        // The announced file is written, hence in the sum.
        Written::Done => {
            let reserved = number(&mut transaction, SUM_RESERVED, &change.asset.owner).await?;
            if reserved.cast_unsigned() <= allowed.get() {
                commit(transaction).await?;
                return Ok(Announced::Done);
            }
            Announced::TooManyBytes
        }
    };
    transaction.rollback().await.map_err(failure::classify)?;
    Ok(refused)
}

async fn over_allowance(
    connection: &mut SqliteConnection,
    asset: &Asset,
    allowance: Allowance,
) -> Result<Option<Reserved>, CatalogError> {
    let open = number(connection, COUNT_OPEN, &asset.owner).await?;
    if open >= i64::from(allowance.open_uploads) {
        return Ok(Some(Reserved::TooManyOpen));
    }
    let wanted: u64 = asset.pending().map(|file| file.plan.reserved().get()).sum();
    let reserved = number(connection, SUM_RESERVED, &asset.owner).await?;
    let over = reserved.saturating_add(signed(wanted)).cast_unsigned() > allowance.reserved_bytes.get();
    Ok(over.then_some(Reserved::TooManyBytes))
}

async fn number(connection: &mut SqliteConnection, sql: &'static str, owner: &OwnerId) -> Result<i64, CatalogError> {
    let query = sqlx::query_scalar(sql).bind(owner.as_str().to_owned());
    query.fetch_one(connection).await.map_err(failure::classify)
}
