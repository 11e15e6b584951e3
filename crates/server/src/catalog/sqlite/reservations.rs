//! T1: an asset with its announced files, or the answer to a repeated request, or a refusal. And a file announced later,
//! which counts as well.

use domain::Shard;
use domain::change::Change;
use domain::quota::{Delta, Usage};
use sqlx::sqlite::SqliteConnection;

use super::owners::Charged;
use super::{SqliteCatalog, assets, changes, commit, failure, files, idempotency, owners, rows};
use crate::catalog::{Allowance, Announced, CatalogError, Reservation, Reserved, Written};

pub(super) const IS_THERE: &str = "SELECT 1 FROM assets WHERE shard = ? AND id = ?";

pub(super) async fn reserve(catalog: &SqliteCatalog, reservation: &Reservation) -> Result<Reserved, CatalogError> {
    let asset = &reservation.asset;
    let shard = asset.shard();
    let mut transaction = catalog.begin().await?;
    let now = catalog.clock.now();
    // Written before by this very request, which did not hear so.
    if is_there(&mut transaction, shard, asset.id.to_string()).await? {
        transaction.rollback().await.map_err(failure::classify)?;
        return Ok(Reserved::Fresh);
    }
    if let Some(claim) = &reservation.idempotency
        && let Some(answer) =
            idempotency::answer(&mut transaction, &asset.owner, claim, now, catalog.idempotency_lease).await?
    {
        // Only a lease taken over has been written.
        commit(transaction).await?;
        return Ok(answer);
    }
    assets::insert(&mut transaction, shard, asset).await?;
    for file in asset.pending() {
        files::insert(&mut transaction, &asset.owner, file).await?;
    }
    changes::insert_places(&mut transaction, asset).await?;
    if let Some(claim) = &reservation.idempotency {
        idempotency::record(&mut transaction, &asset.owner, claim, asset.id, now).await?;
    }
    let delta = Delta::of_new(Usage::of_asset(asset));
    let refused = match owners::charge(&mut transaction, &asset.owner, delta, reservation.allowance).await? {
        Charged::Done => {
            commit(transaction).await?;
            return Ok(Reserved::Fresh);
        }
        Charged::TooManyOpen => Reserved::TooManyOpen,
        Charged::TooManyBytes => Reserved::TooManyBytes,
    };
    transaction.rollback().await.map_err(failure::classify)?;
    Ok(refused)
}

async fn is_there(connection: &mut SqliteConnection, shard: Shard, id: String) -> Result<bool, CatalogError> {
    let found = sqlx::query(IS_THERE).bind(rows::shard(shard)).bind(id);
    Ok(found.fetch_optional(connection).await.map_err(failure::classify)?.is_some())
}

pub(super) async fn announce(
    catalog: &SqliteCatalog,
    change: &Change,
    allowance: Allowance,
) -> Result<Announced, CatalogError> {
    let mut transaction = catalog.begin().await?;
    let refused = match changes::write(&mut transaction, change).await? {
        Written::Stale => Announced::Stale,
        Written::Done => match owners::charge(&mut transaction, &change.asset.owner, change.delta, allowance).await? {
            Charged::Done => {
                commit(transaction).await?;
                return Ok(Announced::Done);
            }
            Charged::TooManyOpen => Announced::TooManyOpen,
            Charged::TooManyBytes => Announced::TooManyBytes,
        },
    };
    transaction.rollback().await.map_err(failure::classify)?;
    Ok(refused)
}
