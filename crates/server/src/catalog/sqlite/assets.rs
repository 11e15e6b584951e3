//! Assets: their own rows, and reading them together with the files that their places point at.
//!
//! One join reads asset, places and files, so that a read is consistent without a transaction around it.

use std::collections::BTreeMap;

use domain::{Asset, AssetId, Fence, Place, RoleName, Timestamp};
use sqlx::QueryBuilder;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqliteRow};

use super::rows::{self, FILE_COLUMNS, asset_columns, file_columns, micros, signed};
use super::{SqliteCatalog, failure};
use crate::catalog::{AssetPatch, AssetQuery, CatalogError, ListedStatus, Stamped, Written};

/// Asset, role, published file, pending file: as [`collect`] reads them.
macro_rules! select_placed {
    ($assets:literal) => {
        concat!(
            "SELECT ",
            asset_columns!("a"),
            ", p.role, ",
            file_columns!("shown"),
            ", ",
            file_columns!("awaited"),
            " FROM ",
            $assets
        )
    };
}

/// From assets `a` to their places and files.
macro_rules! join_placed {
    () => {
        " LEFT JOIN places p ON p.asset = a.id LEFT JOIN files shown ON shown.id = p.published_file \
         LEFT JOIN files awaited ON awaited.id = p.pending_file"
    };
}

pub(super) use {join_placed, select_placed};

/// Where `p.role` stands in a joined row.
const ROLE_COLUMN: usize = 12;

pub(super) const FIND: &str = concat!(select_placed!("assets a"), join_placed!(), " WHERE a.id = ?");

/// Gone assets keep their ended files in their places until those are purged; nothing is left to expire about them.
pub(super) const LIST_EXPIRABLE: &str = concat!(
    select_placed!("(SELECT * FROM assets WHERE id > ? AND status <> 'GONE' AND id IN ("),
    "SELECT place.asset FROM files due JOIN places place ON place.pending_file = due.id \
     WHERE due.state IN ('RESERVED', 'UPLOADING', 'COMMITTING', 'VERIFIED', 'DELETING', 'CLOSED') AND due.deadline <= ?",
    ") ORDER BY id LIMIT ?) a",
    join_placed!(),
    " ORDER BY a.id"
);

pub(super) const PATCH: &str = "UPDATE assets SET title = COALESCE(?, title), \
    description = COALESCE(?, description), metadata = COALESCE(?, metadata), revision = revision + 1 \
    WHERE id = ? AND revision = ?";

const INSERT: &str = "INSERT INTO assets (id, owner, collection, title, description, metadata, fingerprint, status, \
    gone_reason, created_at, published_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) const REPLACE: &str = "UPDATE assets SET title = ?, description = ?, metadata = ?, status = ?, \
    gone_reason = ?, published_at = ?, revision = ? WHERE id = ? AND revision = ?";

pub(super) async fn find(catalog: &SqliteCatalog, id: AssetId) -> Result<Stamped<Option<Asset>>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    let query = sqlx::query(FIND).bind(id.to_string());
    let rows = query.fetch_all(&mut *connection).await.map_err(failure::classify)?;
    Ok(Stamped { now, value: collect(&rows)?.pop() })
}

pub(super) async fn list(catalog: &SqliteCatalog, query: &AssetQuery) -> Result<Stamped<Vec<Asset>>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    let mut select = list_statement(query);
    let rows = select.build().fetch_all(&mut *connection).await.map_err(failure::classify)?;
    Ok(Stamped { now, value: collect(&rows)? })
}

/// Each combination of filters is a statement of its own, so that the planner can use the index that fits it.
pub(super) fn list_statement(query: &AssetQuery) -> QueryBuilder<Sqlite> {
    let mut select = QueryBuilder::new(select_placed!("(SELECT * FROM assets WHERE owner = "));
    select.push_bind(query.owner.as_str().to_owned());
    select.push(" AND collection = ").push_bind(query.collection.as_str().to_owned());
    match query.status {
        Some(ListedStatus::Uploading) => select.push(" AND status = 'UPLOADING'"),
        Some(ListedStatus::Created) => select.push(" AND status = 'CREATED'"),
        None => select.push(" AND status <> 'GONE'"),
    };
    if let Some(fingerprint) = &query.fingerprint {
        select.push(" AND fingerprint = ").push_bind(fingerprint.as_str().to_owned());
    }
    if let Some(part) = &query.title_contains {
        // LOWER folds ASCII letters only, as the port asks. INSTR knows no wildcards.
        select.push(" AND INSTR(LOWER(title), ").push_bind(part.to_ascii_lowercase()).push(") > 0");
    }
    if let Some(before) = query.before {
        select.push(" AND id < ").push_bind(before.to_string());
    }
    select.push(" ORDER BY id DESC LIMIT ").push_bind(query.limit);
    select.push(concat!(") a", join_placed!(), " ORDER BY a.id DESC"));
    select
}

pub(super) async fn list_expirable(
    catalog: &SqliteCatalog,
    as_of: Option<Timestamp>,
    after: Option<AssetId>,
    limit: u32,
) -> Result<Stamped<Vec<Asset>>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    let query = sqlx::query(LIST_EXPIRABLE)
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(micros(as_of.unwrap_or(now)))
        .bind(limit);
    let rows = query.fetch_all(&mut *connection).await.map_err(failure::classify)?;
    Ok(Stamped { now, value: collect(&rows)? })
}

pub(super) async fn patch(
    catalog: &SqliteCatalog,
    id: AssetId,
    from: Fence,
    patch: &AssetPatch,
) -> Result<Written, CatalogError> {
    let done = sqlx::query(PATCH)
        .bind(patch.title.as_ref().map(|title| title.as_str().to_owned()))
        .bind(patch.description.as_ref().map(|description| description.as_str().to_owned()))
        .bind(patch.metadata.as_ref().map(|metadata| metadata.as_str().to_owned()))
        .bind(id.to_string())
        .bind(signed(from.0))
        .execute(&catalog.writer)
        .await
        .map_err(failure::classify)?;
    Ok(if done.rows_affected() == 1 { Written::Done } else { Written::Stale })
}

pub(super) async fn insert(connection: &mut SqliteConnection, asset: &Asset) -> Result<(), CatalogError> {
    sqlx::query(INSERT)
        .bind(asset.id.to_string())
        .bind(asset.owner.as_str().to_owned())
        .bind(asset.collection.as_str().to_owned())
        .bind(asset.title.as_str().to_owned())
        .bind(asset.description.as_str().to_owned())
        .bind(asset.metadata.as_str().to_owned())
        .bind(asset.fingerprint.as_ref().map(|fingerprint| fingerprint.as_str().to_owned()))
        .bind(asset.status.as_str())
        .bind(rows::gone_reason(asset.status))
        .bind(micros(asset.created_at))
        .bind(asset.published_at.map(micros))
        .bind(signed(asset.revision.0))
        .execute(connection)
        .await
        .map_err(failure::classify)?;
    Ok(())
}

/// Writes an asset's own row if it is still at revision `from`.
pub(super) async fn replace(
    connection: &mut SqliteConnection,
    from: Fence,
    next: &Asset,
) -> Result<Written, CatalogError> {
    let done = sqlx::query(REPLACE)
        .bind(next.title.as_str().to_owned())
        .bind(next.description.as_str().to_owned())
        .bind(next.metadata.as_str().to_owned())
        .bind(next.status.as_str())
        .bind(rows::gone_reason(next.status))
        .bind(next.published_at.map(micros))
        .bind(signed(next.revision.0))
        .bind(next.id.to_string())
        .bind(signed(from.0))
        .execute(connection)
        .await
        .map_err(failure::classify)?;
    Ok(if done.rows_affected() == 1 { Written::Done } else { Written::Stale })
}

/// Gathers joined rows, those of one asset next to each other, into assets.
pub(super) fn collect(rows: &[SqliteRow]) -> Result<Vec<Asset>, CatalogError> {
    let mut assets: Vec<Asset> = Vec::new();
    for row in rows {
        let id: AssetId = rows::Cells::new(row, "assets", 0).id()?;
        if assets.last().is_none_or(|asset| asset.id != id) {
            assets.push(rows::asset(row, 0)?);
        }
        let asset = assets.last_mut().expect("an asset was just found or pushed");
        add_place(row, &mut asset.places)?;
    }
    Ok(assets)
}

fn add_place(row: &SqliteRow, places: &mut BTreeMap<RoleName, Place>) -> Result<(), CatalogError> {
    let role: Option<RoleName> = rows::Cells::new(row, "places", ROLE_COLUMN).optional_role()?;
    let Some(role) = role else { return Ok(()) };
    let published = rows::optional_file(row, ROLE_COLUMN + 1)?;
    let pending = rows::optional_file(row, ROLE_COLUMN + 1 + FILE_COLUMNS)?;
    places.insert(role, Place { published, pending });
    Ok(())
}
