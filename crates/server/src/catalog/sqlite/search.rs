//! Lists of an owner's assets, and searches in them: assets whose title, description or file names hold a text.
//!
//! What searches look into stands beside the texts in columns of its own, folded ([`folded`]), so that case and composition
//! are settled when a row is written and not for every row of every search. *Rules*: a search visits no more rows than it
//! may; it visits them in short pieces, each a statement of its own; and never do more than [`SEARCHES`] pieces run at once,
//! so that somebody with a hundred thousand films keeps nobody waiting.

use domain::text::folded;
use domain::{Asset, AssetId, SearchText, Shard};
use sqlx::QueryBuilder;
use sqlx::sqlite::{Sqlite, SqliteConnection};

use super::assets::{collect_readable, list_statement};
use super::rows::{self, Cells};
use super::{SqliteCatalog, failure};
use crate::catalog::{AssetList, AssetQuery, CatalogError, ListedStatus, Stamped};

/// Pieces of searches that run at once, of all the connections that read.
pub(super) const SEARCHES: usize = 2;
/// Rows that one piece visits: some milliseconds.
const PIECE: u32 = 1_000;

pub(super) async fn list(catalog: &SqliteCatalog, query: &AssetQuery) -> Result<Stamped<AssetList>, CatalogError> {
    let (mut assets, mut before, mut left) = (Vec::new(), query.before, query.look_at);
    loop {
        let turn = match &query.contains {
            Some(_) => {
                let closed = |_| failure::classify(sqlx::Error::PoolClosed);
                Some(catalog.searching.acquire().await.map_err(closed)?)
            }
            None => None,
        };
        let (mut connection, now) = catalog.reading().await?;
        let end = if turn.is_some() {
            let piece = left.min(PIECE);
            left -= piece;
            find_end(&mut connection, query, before, piece).await?
        } else {
            End { last: None, is_followed: false }
        };
        read(&mut connection, query, before, end.last, &mut assets).await?;
        let next = cut(&mut assets, query.limit);
        match (next, end.last.filter(|_| end.is_followed)) {
            (None, Some(last)) if left > 0 => before = Some(last),
            (next, last) => return Ok(Stamped { now, value: AssetList { assets, next: next.or(last) } }),
        }
    }
}

/// Reads down to `last` until there is one asset more than the page may have: it tells whether another page follows. What
/// cannot be read makes room for what comes after it.
async fn read(
    connection: &mut SqliteConnection,
    query: &AssetQuery,
    mut before: Option<AssetId>,
    last: Option<AssetId>,
    assets: &mut Vec<Asset>,
) -> Result<(), CatalogError> {
    let most = query.limit as usize + 1;
    while assets.len() < most {
        let wanted = most - assets.len();
        let mut select = list_statement(query, before, last, u32::try_from(wanted).unwrap_or(u32::MAX));
        let rows = select.build().fetch_all(&mut *connection).await.map_err(failure::classify)?;
        let page = collect_readable(&rows);
        let is_full = page.ids.len() == wanted;
        assets.extend(page.assets);
        if !is_full {
            break;
        }
        before = page.ids.last().copied();
    }
    Ok(())
}

/// Where a piece ends.
struct End {
    /// The last row that is visited; `None`: all that are left.
    last: Option<AssetId>,
    is_followed: bool,
}

async fn find_end(
    connection: &mut SqliteConnection,
    query: &AssetQuery,
    before: Option<AssetId>,
    piece: u32,
) -> Result<End, CatalogError> {
    let mut select = end_statement(query, before, piece);
    let rows = select.build().fetch_all(connection).await.map_err(failure::classify)?;
    let ids: Vec<AssetId> = rows.iter().map(|row| Cells::new(row, "assets", 0).id()).collect::<Result<_, _>>()?;
    Ok(End { last: ids.first().copied(), is_followed: ids.len() == 2 })
}

/// The last row of a piece, and the one after it, out of an index alone.
pub(super) fn end_statement(query: &AssetQuery, before: Option<AssetId>, piece: u32) -> QueryBuilder<Sqlite> {
    let mut select = QueryBuilder::new("SELECT id FROM assets WHERE shard = ");
    select.push_bind(rows::shard(query.owner.shard()));
    select.push(" AND owner = ").push_bind(query.owner.as_str().to_owned());
    select.push(" AND collection = ").push_bind(query.collection.as_str().to_owned());
    select.push(match query.status {
        Some(ListedStatus::Uploading) => " AND status = 'UPLOADING'",
        Some(ListedStatus::Created) => " AND status = 'CREATED'",
        None => "",
    });
    if let Some(before) = before {
        select.push(" AND id < ").push_bind(before.to_string());
    }
    select.push(" ORDER BY id DESC LIMIT 2 OFFSET ").push_bind(piece - 1);
    select
}

/// The condition on a row of `assets`. INSTR knows no wildcards.
pub(super) fn push_condition(select: &mut QueryBuilder<Sqlite>, text: &SearchText) {
    for (before, column) in [" AND (", " OR ", " OR "].into_iter().zip(["title", "description", "file_names"]) {
        select.push(before).push("INSTR(").push(column).push("_folded, ").push_bind(text.as_folded().to_owned());
        select.push(") > 0");
    }
    select.push(")");
}

/// Cuts a page that has one asset more than it may have, and says where the next one begins.
fn cut(assets: &mut Vec<Asset>, limit: u32) -> Option<AssetId> {
    let limit = limit as usize;
    if assets.len() <= limit {
        return None;
    }
    assets.truncate(limit);
    assets.last().map(|asset| asset.id)
}

/// The names of an asset's files, folded; no name has a line break.
pub(super) fn file_names(asset: &Asset) -> String {
    lines(asset.files().map(|file| file.file_name.as_str()))
}

fn lines<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(folded).collect::<Vec<_>>().join("\n")
}

/// The names of the files that an asset's places point at.
pub(super) const FILE_NAMES: &str = "SELECT f.file_name FROM places p JOIN files f \
    ON f.shard = p.shard AND (f.id = p.published_file OR f.id = p.pending_file) WHERE p.shard = ? AND p.asset = ?";
pub(super) const SET_FILE_NAMES: &str = "UPDATE assets SET file_names_folded = ? WHERE shard = ? AND id = ?";

/// Brings the names up to date after places have lost a file.
pub(super) async fn refresh(connection: &mut SqliteConnection, shard: Shard, asset: &str) -> Result<(), sqlx::Error> {
    refresh_row(connection, rows::shard(shard), asset).await
}

async fn refresh_row(connection: &mut SqliteConnection, shard: i64, asset: &str) -> Result<(), sqlx::Error> {
    let names = sqlx::query_scalar(FILE_NAMES).bind(shard).bind(asset.to_owned());
    let names: Vec<String> = names.fetch_all(&mut *connection).await?;
    let names = lines(names.iter().map(String::as_str));
    let set = sqlx::query(SET_FILE_NAMES).bind(names).bind(shard).bind(asset.to_owned());
    set.execute(connection).await.map(drop)
}

/// Rows that are folded with one read.
const FOLDED_AT_ONCE: u32 = 500;
const LIST_UNFOLDED: &str = "SELECT shard, id, title, description FROM assets WHERE (shard, id) > (?, ?) \
    ORDER BY shard, id LIMIT ?";
const SET_FOLDED: &str = "UPDATE assets SET title_folded = ?, description_folded = ? WHERE shard = ? AND id = ?";

/// Fills the columns of the rows that were written before there were any. SQL cannot: it folds ASCII letters only.
pub(super) async fn fold_existing(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut after = (-1, String::new());
    loop {
        let page = sqlx::query_as(LIST_UNFOLDED).bind(after.0).bind(after.1.clone()).bind(FOLDED_AT_ONCE);
        let page: Vec<(i64, String, String, String)> = page.fetch_all(&mut *connection).await?;
        for (shard, id, title, description) in &page {
            let set = sqlx::query(SET_FOLDED).bind(folded(title)).bind(folded(description));
            set.bind(*shard).bind(id.clone()).execute(&mut *connection).await?;
            refresh_row(connection, *shard, id).await?;
        }
        let Some((shard, id, ..)) = page.last() else { return Ok(()) };
        after = (*shard, id.clone());
    }
}
