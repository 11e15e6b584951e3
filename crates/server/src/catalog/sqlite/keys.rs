//! Files as a listing of their bucket shows them, and rows for what has none.

use domain::Visibility;
use domain::reconcile::{KeyedFile, Orphan};

use super::rows::{self, Cells};
use super::{SqliteCatalog, assets, commit, failure, files, give_up};
use crate::catalog::{CatalogError, Stamped, Written};

/// Of the states, only those that hold an object are read whole: frozen parts are long. A file's own time counts where the
/// index of the lane that its state belongs to shows it.
pub(super) const LIST: &str = "SELECT id, object_key, state, upload_id, \
    CASE WHEN state IN ('VERIFIED', 'CREATED') THEN state_data END, \
    CASE WHEN state IN ('RESERVED', 'UPLOADING', 'VERIFIED') \
            THEN (SELECT a.due_at FROM assets a WHERE a.shard = files.shard AND a.id = files.asset) \
        WHEN lane = CASE state WHEN 'COMMITTING' THEN 'drive' WHEN 'DELETING' THEN 'destroy' WHEN 'CLOSED' THEN 'recheck' END \
            THEN due_at END \
    FROM files WHERE visibility = ? AND object_key >= ? AND object_key <= ? ORDER BY object_key LIMIT ?";

pub(super) const FIND_OWNER: &str = "SELECT id FROM files WHERE visibility IN ('private', 'public') AND object_key = ?";

pub(super) const FIND_ASSET: &str = "SELECT id FROM assets WHERE shard = ? AND id = ?";

/// Sorts after every key: those are ASCII.
const END: &str = "\u{10FFFF}";

pub(super) async fn list(
    catalog: &SqliteCatalog,
    visibility: Visibility,
    from: &str,
    upto: Option<&str>,
    limit: u32,
) -> Result<Stamped<Vec<KeyedFile>>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    let query = sqlx::query(LIST)
        .bind(visibility.to_string())
        .bind(from.to_owned())
        .bind(upto.unwrap_or(END).to_owned())
        .bind(limit);
    let found = query.fetch_all(&mut *connection).await.map_err(failure::classify)?;
    let value = found.iter().map(|row| rows::keyed_file(&mut Cells::new(row, "files", 0))).collect::<Result<_, _>>()?;
    Ok(Stamped { now, value })
}

pub(super) async fn adopt(catalog: &SqliteCatalog, orphan: &Orphan) -> Result<Written, CatalogError> {
    let Orphan { asset, file } = orphan;
    let mut transaction = catalog.begin().await?;
    let owner = sqlx::query(FIND_OWNER).bind(file.key.path());
    if owner.fetch_optional(&mut *transaction).await.map_err(failure::classify)?.is_some() {
        return give_up(transaction).await;
    }
    let known = sqlx::query(FIND_ASSET).bind(rows::shard(file.shard())).bind(asset.id.to_string());
    let known = known.fetch_optional(&mut *transaction).await.map_err(failure::classify)?;
    if known.is_none() {
        assets::insert(&mut transaction, file.shard(), asset).await?;
    }
    files::insert(&mut transaction, &asset.owner, file).await?;
    commit(transaction).await?;
    Ok(Written::Done)
}
