//! Assets: their own rows, and reading them together with the files that their places point at.
//!
//! One join reads asset, places and files, so that a read is consistent without a transaction around it.

use std::collections::BTreeMap;

use domain::text::folded;
use domain::{Asset, AssetId, Fence, Place, RoleName, Shard, Slot};
use sqlx::sqlite::{Sqlite, SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row as _};

use super::rows::{self, FILE_COLUMNS, asset_columns, file_columns, micros, signed};
use super::{SqliteCatalog, failure, search};
use crate::catalog::{AssetPatch, AssetQuery, CatalogError, ListedStatus, Stamped, Written};

/// Asset, role, published file, pending file: as [`collect`] reads them.
macro_rules! select_placed {
    ($assets:literal) => {
        select_placed!($assets, "")
    };
    ($assets:literal, $more:literal) => {
        concat!(
            "SELECT ",
            asset_columns!("a"),
            ", p.role, ",
            file_columns!("shown"),
            ", ",
            file_columns!("awaited"),
            $more,
            " FROM ",
            $assets
        )
    };
}

/// From assets `a` to their places and files.
macro_rules! join_placed {
    () => {
        " LEFT JOIN places p ON p.shard = a.shard AND p.asset = a.id \
         LEFT JOIN files shown ON shown.shard = p.shard AND shown.id = p.published_file \
         LEFT JOIN files awaited ON awaited.shard = p.shard AND awaited.id = p.pending_file"
    };
}

pub(super) use {join_placed, select_placed};

/// Where `p.role` stands in a joined row.
const ROLE_COLUMN: usize = 12;

/// How many columns an asset with one of its places has.
pub(super) const PLACED_COLUMNS: usize = ROLE_COLUMN + 1 + 2 * FILE_COLUMNS;

pub(super) const FIND: &str = concat!(select_placed!("assets a"), join_placed!(), " WHERE a.shard = ? AND a.id = ?");

pub(super) const PATCH: &str = "UPDATE assets SET title = COALESCE(?, title), \
    description = COALESCE(?, description), metadata = COALESCE(?, metadata), \
    title_folded = COALESCE(?, title_folded), description_folded = COALESCE(?, description_folded), \
    revision = revision + 1 WHERE shard = ? AND id = ? AND revision = ?";

const INSERT: &str = "INSERT INTO assets (shard, id, owner, collection, title, description, metadata, fingerprint, status, \
    gone_reason, created_at, published_at, revision, slot, due_at, title_folded, description_folded, file_names_folded) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) const REPLACE: &str = "UPDATE assets SET title = ?, description = ?, metadata = ?, status = ?, \
    gone_reason = ?, published_at = ?, revision = ?, due_at = ?, attempts = 0, fingerprint = ?, title_folded = ?, \
    description_folded = ?, file_names_folded = ? WHERE shard = ? AND id = ? AND revision = ?";

pub(super) async fn find(
    catalog: &SqliteCatalog,
    shard: Shard,
    id: AssetId,
) -> Result<Stamped<Option<Asset>>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    let query = sqlx::query(FIND).bind(rows::shard(shard)).bind(id.to_string());
    let rows = query.fetch_all(&mut *connection).await.map_err(failure::classify)?;
    Ok(Stamped { now, value: collect(&rows)?.pop() })
}

/// The assets before one and down to another, so many of them at most. Each combination of filters is a statement of its
/// own, so that the planner can use the index that fits it.
pub(super) fn list_statement(
    query: &AssetQuery,
    before: Option<AssetId>,
    last: Option<AssetId>,
    limit: u32,
) -> QueryBuilder<Sqlite> {
    let mut select = QueryBuilder::new(select_placed!("(SELECT * FROM assets INDEXED BY "));
    // Two bounds on the id look so narrow to the planner that it would walk over everything in the shard.
    select.push(match (&query.fingerprint, query.status) {
        (Some(_), _) => "assets_by_fingerprint",
        (None, Some(_)) => "assets_by_status",
        (None, None) => "assets_by_age",
    });
    select.push(" WHERE shard = ");
    select.push_bind(rows::shard(query.owner.shard()));
    select.push(" AND owner = ").push_bind(query.owner.as_str().to_owned());
    select.push(" AND collection = ").push_bind(query.collection.as_str().to_owned());
    match query.status {
        Some(ListedStatus::Uploading) => select.push(" AND status = 'UPLOADING'"),
        Some(ListedStatus::Created) => select.push(" AND status = 'CREATED'"),
        None => select.push(" AND status <> 'GONE'"),
    };
    if let Some(fingerprint) = &query.fingerprint {
        select.push(" AND fingerprint = ").push_bind(fingerprint.as_str().to_owned());
    }
    if let Some(text) = &query.contains {
        search::push_condition(&mut select, text);
    }
    if let Some(before) = before {
        select.push(" AND id < ").push_bind(before.to_string());
    }
    if let Some(last) = last {
        select.push(" AND id >= ").push_bind(last.to_string());
    }
    select.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    select.push(concat!(") a", join_placed!(), " ORDER BY a.id DESC"));
    select
}

pub(super) async fn patch(
    catalog: &SqliteCatalog,
    shard: Shard,
    id: AssetId,
    from: Fence,
    patch: &AssetPatch,
) -> Result<Written, CatalogError> {
    let done = sqlx::query(PATCH)
        .bind(patch.title.as_ref().map(|title| title.as_str().to_owned()))
        .bind(patch.description.as_ref().map(|description| description.as_str().to_owned()))
        .bind(patch.metadata.as_ref().map(|metadata| metadata.as_str().to_owned()))
        .bind(patch.title.as_ref().map(|title| folded(title.as_str())))
        .bind(patch.description.as_ref().map(|description| folded(description.as_str())))
        .bind(rows::shard(shard))
        .bind(id.to_string())
        .bind(signed(from.0))
        .execute(&catalog.writer)
        .await
        .map_err(failure::classify_commit)?;
    Ok(if done.rows_affected() == 1 { Written::Done } else { Written::Stale })
}

/// An orphan's shard is its key's: what stands there for its owner may be a hash already.
pub(super) async fn insert(connection: &mut SqliteConnection, shard: Shard, asset: &Asset) -> Result<(), CatalogError> {
    sqlx::query(INSERT)
        .bind(rows::shard(shard))
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
        .bind(i64::from(Slot::of(shard).index()))
        .bind(asset.due_at().map(micros))
        .bind(folded(asset.title.as_str()))
        .bind(folded(asset.description.as_str()))
        .bind(search::file_names(asset))
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
        .bind(next.due_at().map(micros))
        .bind(next.fingerprint.as_ref().map(|fingerprint| fingerprint.as_str().to_owned()))
        .bind(folded(next.title.as_str()))
        .bind(folded(next.description.as_str()))
        .bind(search::file_names(next))
        .bind(rows::shard(next.shard()))
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

/// Assets of a list.
pub(super) struct Readable {
    /// Those that could be read.
    pub(super) assets: Vec<Asset>,
    /// Of all that were found, in their order.
    pub(super) ids: Vec<AssetId>,
}

/// [`collect`] for lists: what cannot be read costs itself and is told of in the log.
pub(super) fn collect_readable(rows: &[SqliteRow]) -> Readable {
    let id = |row: &SqliteRow| row.try_get::<String, _>(0).ok();
    let mut found = Readable { assets: Vec::new(), ids: Vec::new() };
    for of_one in rows.chunk_by(|row, next| id(row) == id(next)) {
        found.ids.extend(id(&of_one[0]).and_then(|id| id.parse::<AssetId>().ok()));
        match collect(of_one) {
            Ok(assets) => found.assets.extend(assets),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "a row was left out of a list"),
        }
    }
    found
}

fn add_place(row: &SqliteRow, places: &mut BTreeMap<RoleName, Place>) -> Result<(), CatalogError> {
    let role: Option<RoleName> = rows::Cells::new(row, "places", ROLE_COLUMN).optional_role()?;
    let Some(role) = role else { return Ok(()) };
    let published = rows::optional_file(row, ROLE_COLUMN + 1)?;
    let pending = rows::optional_file(row, ROLE_COLUMN + 1 + FILE_COLUMNS)?;
    places.insert(role, Place { published, pending });
    Ok(())
}
