//! Leases: who of several runners works now. For efficiency only; nothing breaks if two hold one.

use domain::TimeSpan;
use sqlx::Row as _;

use super::rows::micros;
use super::{SqliteCatalog, commit, failure};
use crate::catalog::CatalogError;

pub(super) const FIND: &str = "SELECT holder, lapses_at FROM leases WHERE name = ?";
const INSERT: &str = "INSERT INTO leases (name, holder, lapses_at) VALUES (?, ?, ?)";
const DELETE: &str = "DELETE FROM leases WHERE name = ?";
const RELEASE: &str = "DELETE FROM leases WHERE name = ? AND holder = ?";

pub(super) async fn take(
    catalog: &SqliteCatalog,
    name: &str,
    holder: &str,
    life: TimeSpan,
) -> Result<bool, CatalogError> {
    let mut transaction = catalog.begin().await?;
    let now = catalog.clock.now();
    let query = sqlx::query(FIND).bind(name.to_owned());
    if let Some(row) = query.fetch_optional(&mut *transaction).await.map_err(failure::classify)? {
        let other: bool = row.try_get::<&str, _>(0).map_err(failure::classify)? != holder;
        let lapses_at: i64 = row.try_get(1).map_err(failure::classify)?;
        if other && lapses_at > micros(now) {
            transaction.rollback().await.map_err(failure::classify)?;
            return Ok(false);
        }
        sqlx::query(DELETE).bind(name.to_owned()).execute(&mut *transaction).await.map_err(failure::classify)?;
    }
    let insert = sqlx::query(INSERT).bind(name.to_owned()).bind(holder.to_owned()).bind(micros(now + life));
    insert.execute(&mut *transaction).await.map_err(failure::classify)?;
    commit(transaction).await?;
    Ok(true)
}

pub(super) async fn release(catalog: &SqliteCatalog, name: &str, holder: &str) -> Result<(), CatalogError> {
    let query = sqlx::query(RELEASE).bind(name.to_owned()).bind(holder.to_owned());
    query.execute(&catalog.writer).await.map_err(failure::classify)?;
    Ok(())
}
