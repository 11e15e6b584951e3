//! The one row about the catalog itself.

use domain::{Epoch, Installation, InstallationId};
use sqlx::sqlite::SqliteConnection;

use super::rows::{Cells, micros, signed};
use super::{SqliteCatalog, commit, failure};
use crate::catalog::{CatalogError, Stamped, Written};

pub(super) const FIND: &str = "SELECT id, epoch, marked_at, accepted_at FROM installation WHERE only_row = 1";
const INSERT: &str =
    "INSERT INTO installation (only_row, id, epoch, marked_at, accepted_at) VALUES (1, ?, ?, NULL, NULL)";
pub(super) const REPLACE: &str = "UPDATE installation SET id = ?, epoch = ?, marked_at = ?, accepted_at = ? \
    WHERE only_row = 1 AND id = ? AND epoch = ?";

pub(super) async fn load_or_make(
    catalog: &SqliteCatalog,
    fresh: InstallationId,
) -> Result<Stamped<Installation>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    if let Some(value) = find(&mut connection).await? {
        return Ok(Stamped { now, value });
    }
    drop(connection);
    let mut transaction = catalog.begin().await?;
    let now = catalog.clock.now();
    if let Some(value) = find(&mut transaction).await? {
        transaction.rollback().await.map_err(failure::classify)?;
        return Ok(Stamped { now, value });
    }
    let made = Installation { id: fresh, epoch: Epoch::FIRST, marked_at: None, accepted_at: None };
    let insert = sqlx::query(INSERT).bind(made.id.to_string()).bind(signed(made.epoch.0));
    insert.execute(&mut *transaction).await.map_err(failure::classify)?;
    commit(transaction).await?;
    Ok(Stamped { now, value: made })
}

async fn find(connection: &mut SqliteConnection) -> Result<Option<Installation>, CatalogError> {
    let found = sqlx::query(FIND).fetch_optional(connection).await.map_err(failure::classify)?;
    let Some(row) = found else { return Ok(None) };
    let mut cells = Cells::new(&row, "installation", 0);
    Ok(Some(Installation {
        id: cells.id()?,
        epoch: Epoch(cells.unsigned()?),
        marked_at: cells.optional_time()?,
        accepted_at: cells.optional_time()?,
    }))
}

pub(super) async fn replace(
    catalog: &SqliteCatalog,
    from: &Installation,
    next: &Installation,
) -> Result<Written, CatalogError> {
    let done = sqlx::query(REPLACE)
        .bind(next.id.to_string())
        .bind(signed(next.epoch.0))
        .bind(next.marked_at.map(micros))
        .bind(next.accepted_at.map(micros))
        .bind(from.id.to_string())
        .bind(signed(from.epoch.0))
        .execute(&catalog.writer)
        .await
        .map_err(failure::classify)?;
    Ok(if done.rows_affected() == 1 { Written::Done } else { Written::Stale })
}
