//! Assets of everybody, in any status, in the order of their ids.
//!
//! *Rule*: a page costs no more than the rows it may look at. Conditions carry a `+`, which keeps the planner from an
//! index that would gather all of an owner's rows first and sort them.

use domain::AssetId;
use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;

use super::assets::{collect, join_placed, select_placed};
use super::rows::{Cells, asset_columns, file_columns};
use super::{SqliteCatalog, failure};
use crate::catalog::{CatalogError, Stamped, StatusName, Survey, Surveyed};

/// The last row that may be looked at, and the one after it.
pub(super) const FIND_LAST: &str = "SELECT id FROM assets WHERE id < ? ORDER BY id DESC LIMIT 2 OFFSET ?";

pub(super) const COUNT: &str = "SELECT status, COUNT(*) FROM assets GROUP BY status";

/// Greater than every id: ids begin with `ast_`.
const BEHIND_ALL: &str = "~";

pub(super) async fn list(catalog: &SqliteCatalog, survey: &Survey) -> Result<Stamped<Surveyed>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    let mut last: Vec<AssetId> = Vec::new();
    if survey.status.is_some() || survey.owner.is_some() || survey.title_contains.is_some() {
        let find = sqlx::query(FIND_LAST).bind(before(survey)).bind(survey.look_at.saturating_sub(1));
        let rows = find.fetch_all(&mut *connection).await.map_err(failure::classify)?;
        last = rows.iter().map(|row| Cells::new(row, "assets", 0).id()).collect::<Result<_, _>>()?;
    }
    let mut select = statement(survey, last.first().copied());
    let rows = select.build().fetch_all(&mut *connection).await.map_err(failure::classify)?;
    let mut assets = collect(&rows)?;
    let mut next = (last.len() == 2).then(|| last[0]);
    if assets.len() > survey.limit as usize {
        assets.truncate(survey.limit as usize);
        next = assets.last().map(|asset| asset.id);
    }
    Ok(Stamped { now, value: Surveyed { assets, next } })
}

fn before(survey: &Survey) -> String {
    survey.before.map_or_else(|| BEHIND_ALL.to_owned(), |id| id.to_string())
}

/// One row more than the page has tells whether there is another page.
pub(super) fn statement(survey: &Survey, last: Option<AssetId>) -> QueryBuilder<Sqlite> {
    let mut select = QueryBuilder::new(select_placed!("(SELECT * FROM assets WHERE id < "));
    select.push_bind(before(survey));
    if let Some(last) = last {
        select.push(" AND id >= ").push_bind(last.to_string());
    }
    if let Some(status) = survey.status {
        select.push(" AND +status = ").push_bind(status.as_str());
    }
    if let Some(owner) = &survey.owner {
        select.push(" AND +owner = ").push_bind(owner.as_str().to_owned());
    }
    if let Some(part) = &survey.title_contains {
        // LOWER folds ASCII letters only, as the port asks. INSTR knows no wildcards.
        select.push(" AND INSTR(LOWER(title), ").push_bind(part.to_ascii_lowercase()).push(") > 0");
    }
    select.push(" ORDER BY id DESC LIMIT ").push_bind(survey.limit.saturating_add(1));
    select.push(concat!(") a", join_placed!(), " ORDER BY a.id DESC"));
    select
}

pub(super) async fn count(catalog: &SqliteCatalog) -> Result<Vec<(StatusName, u64)>, CatalogError> {
    let (mut connection, _) = catalog.reading().await?;
    let rows = sqlx::query(COUNT).fetch_all(&mut *connection).await.map_err(failure::classify)?;
    let count = |row| {
        let mut cells = Cells::new(row, "assets", 0);
        let status = cells.parse(|name| StatusName::find(name).ok_or_else(|| format!("{name:?} is not known")))?;
        Ok((status, cells.unsigned()?))
    };
    rows.iter().map(count).collect()
}
