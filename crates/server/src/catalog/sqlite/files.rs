//! Files: one row each, written by compare-and-set on the fence.

use domain::quota::Delta;
use domain::{Fence, File, FileId, Lane, OutboxEvent, OwnerId, Shard, Slot};
use sqlx::sqlite::SqliteConnection;

use super::rows::{self, file_columns, micros, signed};
use super::{SqliteCatalog, commit, failure, give_up, outbox, owners};
use crate::catalog::{CatalogError, Stamped, Written};

pub(super) const FIND: &str = concat!("SELECT ", file_columns!("f"), " FROM files f WHERE f.shard = ? AND f.id = ?");

pub(super) const FIND_OWNER: &str = "SELECT owner FROM files WHERE shard = ? AND id = ?";

pub(super) const ADVANCE: &str = "UPDATE files SET checksum_algorithm = ?, checksum_value = ?, deadline = ?, \
    url_not_after = ?, upload_id = ?, fence = ?, state = ?, state_data = ?, recheck_at = ?, size_bytes = ?, sizing = ?, \
    unweighed_grants = ?, looked_since = ?, look_at = ?, lane = ?, due_at = ?, attempts = 0 \
    WHERE shard = ? AND id = ? AND fence = ?";

const INSERT: &str = "INSERT INTO files (shard, id, asset, owner, role, visibility, object_key, file_name, size_bytes, \
    part_size_bytes, checksum_algorithm, checksum_value, created_at, deadline, url_not_after, upload_id, fence, state, \
    state_data, recheck_at, sizing, unweighed_grants, looked_since, look_at, slot, lane, due_at, addition, auto) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) async fn find(
    catalog: &SqliteCatalog,
    shard: Shard,
    id: FileId,
) -> Result<Stamped<Option<File>>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    let query = sqlx::query(FIND).bind(rows::shard(shard)).bind(id.to_string());
    let row = query.fetch_optional(&mut *connection).await.map_err(failure::classify)?;
    Ok(Stamped { now, value: row.map(|row| rows::file(&row, 0)).transpose()? })
}

pub(super) async fn advance(
    catalog: &SqliteCatalog,
    before: &File,
    next: &File,
    events: &[OutboxEvent],
) -> Result<Written, CatalogError> {
    let delta = Delta::of_step(before, next);
    if events.is_empty() && delta == Delta::NONE {
        // One statement is a transaction of its own.
        let mut connection = catalog.writer.acquire().await.map_err(failure::classify)?;
        return replace(&mut connection, before.fence, next, failure::classify_commit).await;
    }
    let mut transaction = catalog.begin().await?;
    if replace(&mut transaction, before.fence, next, failure::classify).await? == Written::Stale {
        return give_up(transaction).await;
    }
    outbox::append(&mut transaction, events).await?;
    if delta != Delta::NONE {
        let find = sqlx::query(FIND_OWNER).bind(rows::shard(next.shard())).bind(next.id.to_string());
        let row = find.fetch_one(&mut *transaction).await.map_err(failure::classify)?;
        let owner = rows::Cells::new(&row, "files", 0).parse(OwnerId::parse)?;
        owners::settle(&mut transaction, &owner, delta).await?;
    }
    commit(transaction).await?;
    Ok(Written::Done)
}

/// Writes what may change about a file if its fence is still `from`.
pub(super) async fn replace(
    connection: &mut SqliteConnection,
    from: Fence,
    next: &File,
    classify: fn(sqlx::Error) -> CatalogError,
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
        .bind(next.looks.map(|looks| micros(looks.since)))
        .bind(next.looks.and_then(|looks| looks.next).map(micros))
        .bind(next.lane().map(Lane::as_str))
        .bind(next.due_at.map(micros))
        .bind(rows::shard(next.shard()))
        .bind(next.id.to_string())
        .bind(signed(from.0))
        .execute(connection)
        .await
        .map_err(classify)?;
    Ok(if done.rows_affected() == 1 { Written::Done } else { Written::Stale })
}

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    owner: &OwnerId,
    file: &File,
) -> Result<(), CatalogError> {
    let checksum = file.checksum.as_ref();
    sqlx::query(INSERT)
        .bind(rows::shard(file.shard()))
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
        .bind(file.looks.map(|looks| micros(looks.since)))
        .bind(file.looks.and_then(|looks| looks.next).map(micros))
        .bind(i64::from(Slot::of(file.shard()).index()))
        .bind(file.lane().map(Lane::as_str))
        .bind(file.due_at.map(micros))
        .bind(file.addition)
        .bind(file.auto)
        .execute(connection)
        .await
        .map_err(failure::classify)?;
    Ok(())
}
