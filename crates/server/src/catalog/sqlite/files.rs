//! Files: one row each, written by compare-and-set on the fence.

use domain::{Fence, File, FileId, OutboxEvent, OwnerId, StateName};
use sqlx::sqlite::SqliteConnection;

use super::rows::{self, file_columns, micros, signed};
use super::{SqliteCatalog, commit, failure, give_up, outbox};
use crate::catalog::{CatalogError, Stamped, Written};

pub(super) const FIND: &str = concat!("SELECT ", file_columns!("f"), " FROM files f WHERE f.id = ?");

pub(super) const LIST: &str = concat!(
    "SELECT ",
    file_columns!("f"),
    " FROM files f WHERE f.state = ? AND f.recheck_at IS NULL AND f.id > ? ORDER BY f.id LIMIT ?"
);

pub(super) const LIST_DUE: &str = concat!(
    "SELECT ",
    file_columns!("f"),
    " FROM files f WHERE f.state = 'CLOSED' AND f.recheck_at <= ? AND f.id > ? ORDER BY f.id LIMIT ?"
);

pub(super) const LIST_AWAITED: &str = concat!(
    "SELECT ",
    file_columns!("f"),
    " FROM files f WHERE f.state = 'UPLOADING' AND f.auto_look_at IS NOT NULL AND f.auto_look_at <= ? AND f.id > ? \
     ORDER BY f.id LIMIT ?"
);

pub(super) const COUNT: &str = "SELECT state, COUNT(*) FROM files GROUP BY state";

pub(super) const ADVANCE: &str = "UPDATE files SET checksum_algorithm = ?, checksum_value = ?, deadline = ?, \
    url_not_after = ?, upload_id = ?, fence = ?, state = ?, state_data = ?, recheck_at = ?, size_bytes = ?, sizing = ?, \
    unweighed_grants = ?, auto_since = ?, auto_look_at = ? WHERE id = ? AND fence = ?";

const INSERT: &str = "INSERT INTO files (id, asset, owner, role, visibility, object_key, file_name, size_bytes, \
    part_size_bytes, checksum_algorithm, checksum_value, created_at, deadline, url_not_after, upload_id, fence, state, \
    state_data, recheck_at, sizing, unweighed_grants, auto_since, auto_look_at) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) async fn find(catalog: &SqliteCatalog, id: FileId) -> Result<Stamped<Option<File>>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    let query = sqlx::query(FIND).bind(id.to_string());
    let row = query.fetch_optional(&mut *connection).await.map_err(failure::classify)?;
    Ok(Stamped { now, value: row.map(|row| rows::file(&row, 0)).transpose()? })
}

pub(super) async fn list(
    catalog: &SqliteCatalog,
    state: StateName,
    after: Option<FileId>,
    limit: u32,
) -> Result<Stamped<Vec<File>>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    // Every id sorts after the empty text.
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let query = match state {
        StateName::Closed => sqlx::query(LIST_DUE).bind(micros(now)),
        StateName::Reserved
        | StateName::Uploading
        | StateName::Committing
        | StateName::Verified
        | StateName::Created
        | StateName::Deleting => sqlx::query(LIST).bind(state.as_str()),
    };
    let rows = query.bind(after).bind(limit).fetch_all(&mut *connection).await.map_err(failure::classify)?;
    let files = rows.iter().map(|row| rows::file(row, 0)).collect::<Result<_, _>>()?;
    Ok(Stamped { now, value: files })
}

pub(super) async fn list_awaited(
    catalog: &SqliteCatalog,
    after: Option<FileId>,
    limit: u32,
) -> Result<Stamped<Vec<File>>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let query = sqlx::query(LIST_AWAITED).bind(micros(now)).bind(after).bind(limit);
    let rows = query.fetch_all(&mut *connection).await.map_err(failure::classify)?;
    let files = rows.iter().map(|row| rows::file(row, 0)).collect::<Result<_, _>>()?;
    Ok(Stamped { now, value: files })
}

pub(super) async fn count(catalog: &SqliteCatalog) -> Result<Vec<(StateName, u64)>, CatalogError> {
    let (mut connection, _) = catalog.reading().await?;
    let rows = sqlx::query(COUNT).fetch_all(&mut *connection).await.map_err(failure::classify)?;
    rows.iter().map(rows::state_count).collect()
}

pub(super) async fn advance(
    catalog: &SqliteCatalog,
    from: Fence,
    next: &File,
    events: &[OutboxEvent],
) -> Result<Written, CatalogError> {
    if events.is_empty() {
        // One statement is a transaction of its own.
        let mut connection = catalog.writer.acquire().await.map_err(failure::classify)?;
        return replace(&mut connection, from, next).await;
    }
    let mut transaction = catalog.begin().await?;
    if replace(&mut transaction, from, next).await? == Written::Stale {
        return give_up(transaction).await;
    }
    outbox::append(&mut transaction, events).await?;
    commit(transaction).await?;
    Ok(Written::Done)
}

/// Writes what may change about a file if its fence is still `from`.
pub(super) async fn replace(
    connection: &mut SqliteConnection,
    from: Fence,
    next: &File,
) -> Result<Written, CatalogError> {
    let checksum = next.checksum.as_ref();
    let done = sqlx::query(ADVANCE)
        .bind(checksum.map(|declared| declared.algorithm.name()))
        .bind(checksum.and_then(|declared| declared.value.as_ref()).map(|value| value.as_str().to_owned()))
        .bind(micros(next.deadline))
        .bind(next.url_not_after.map(micros))
        .bind(next.upload_id.as_ref().map(|upload| upload.0.clone()))
        .bind(signed(next.fence.0))
        .bind(next.state.name().as_str())
        .bind(rows::state_data(&next.state))
        .bind(rows::recheck_at(&next.state))
        .bind(signed(next.plan.reserved().get()))
        .bind(next.plan.sizing().as_str())
        .bind(i64::from(next.plan.unweighed()))
        .bind(next.auto.map(|looks| micros(looks.since)))
        .bind(next.auto.and_then(|looks| looks.next).map(micros))
        .bind(next.id.to_string())
        .bind(signed(from.0))
        .execute(connection)
        .await
        .map_err(failure::classify)?;
    Ok(if done.rows_affected() == 1 { Written::Done } else { Written::Stale })
}

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    owner: &OwnerId,
    file: &File,
) -> Result<(), CatalogError> {
    let checksum = file.checksum.as_ref();
    sqlx::query(INSERT)
        .bind(file.id.to_string())
        .bind(file.asset.to_string())
        .bind(owner.as_str().to_owned())
        .bind(file.role.as_str().to_owned())
        .bind(file.key.visibility().to_string())
        .bind(file.key.path())
        .bind(file.file_name.as_str().to_owned())
        .bind(signed(file.plan.reserved().get()))
        .bind(signed(file.plan.part_size().get()))
        .bind(checksum.map(|declared| declared.algorithm.name()))
        .bind(checksum.and_then(|declared| declared.value.as_ref()).map(|value| value.as_str().to_owned()))
        .bind(micros(file.created_at))
        .bind(micros(file.deadline))
        .bind(file.url_not_after.map(micros))
        .bind(file.upload_id.as_ref().map(|upload| upload.0.clone()))
        .bind(signed(file.fence.0))
        .bind(file.state.name().as_str())
        .bind(rows::state_data(&file.state))
        .bind(rows::recheck_at(&file.state))
        .bind(file.plan.sizing().as_str())
        .bind(i64::from(file.plan.unweighed()))
        .bind(file.auto.map(|looks| micros(looks.since)))
        .bind(file.auto.and_then(|looks| looks.next).map(micros))
        .execute(connection)
        .await
        .map_err(failure::classify)?;
    Ok(())
}
