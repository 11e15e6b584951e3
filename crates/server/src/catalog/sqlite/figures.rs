//! Assets of everybody, in any status, in the order of their ids; and how many rows there are.
//!
//! *Rule*: a page costs no more than the rows it may look at. Conditions carry a `+`, which keeps the planner from an
//! index that would gather all of an owner's rows first and sort them.

use async_trait::async_trait;
use domain::quota::Usage;
use domain::{Asset, AssetId, OwnerId, StateName};
use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;

use super::assets::{Readable, collect, collect_readable, join_placed, select_placed};
use super::rows::{self, Cells, asset_columns, file_columns};
use super::{SqliteCatalog, failure, owners, search};
use crate::catalog::{AssetList, CatalogError, Figures, OwnerUsage, Stamped, StatusName, Survey, duties};

/// The last row that may be looked at, and the one after it.
pub(super) const FIND_LAST: &str = "SELECT id FROM assets WHERE id < ? ORDER BY id DESC LIMIT 2 OFFSET ?";

/// An orphan's row stands under the id in its key, in the shard of that key: whatever lives under the id comes first.
pub(super) const FIND: &str =
    concat!(select_placed!("(SELECT * FROM assets WHERE id = ? ORDER BY status = 'GONE' LIMIT 1) a"), join_placed!());

pub(super) const COUNT_FILES: &str = "SELECT state, COUNT(*) FROM files GROUP BY state";

pub(super) const COUNT_ASSETS: &str = "SELECT status, COUNT(*) FROM assets GROUP BY status";

/// Greater than every id: ids begin with `ast_`.
const BEHIND_ALL: &str = "~";

#[async_trait]
impl Figures for SqliteCatalog {
    async fn survey_assets(&self, survey: &Survey) -> Result<Stamped<AssetList>, CatalogError> {
        duties::of_survey(survey);
        let (mut connection, now) = self.reading().await?;
        let mut last: Vec<AssetId> = Vec::new();
        if survey.status.is_some() || survey.owner.is_some() || survey.contains.is_some() {
            let find = sqlx::query(FIND_LAST).bind(before(survey)).bind(survey.look_at.saturating_sub(1));
            let rows = find.fetch_all(&mut *connection).await.map_err(failure::classify)?;
            last = rows.iter().map(|row| Cells::new(row, "assets", 0).id()).collect::<Result<_, _>>()?;
        }
        let mut select = statement(survey, last.first().copied());
        let rows = select.build().fetch_all(&mut *connection).await.map_err(failure::classify)?;
        let Readable { mut assets, ids } = collect_readable(&rows);
        let mut next = (last.len() == 2).then(|| last[0]);
        if ids.len() > survey.limit as usize {
            next = Some(ids[survey.limit as usize - 1]);
            assets.retain(|asset| Some(asset.id) >= next);
        }
        Ok(Stamped { now, value: AssetList { assets, next } })
    }

    async fn find_asset_anywhere(&self, id: AssetId) -> Result<Stamped<Option<Asset>>, CatalogError> {
        let (mut connection, now) = self.reading().await?;
        let rows = sqlx::query(FIND).bind(id.to_string()).fetch_all(&mut *connection).await;
        Ok(Stamped { now, value: collect(&rows.map_err(failure::classify)?)?.pop() })
    }

    async fn load_usage(&self, owner: &OwnerId) -> Result<Usage, CatalogError> {
        owners::find(self, owner).await
    }

    async fn recount_usage(&self, after: Option<&OwnerId>, limit: u32) -> Result<Vec<OwnerUsage>, CatalogError> {
        owners::recount(self, after, limit).await
    }

    async fn count_files(&self) -> Result<Vec<(StateName, u64)>, CatalogError> {
        let (mut connection, _) = self.reading().await?;
        let rows = sqlx::query(COUNT_FILES).fetch_all(&mut *connection).await.map_err(failure::classify)?;
        rows.iter().map(rows::state_count).collect()
    }

    async fn count_assets(&self) -> Result<Vec<(StatusName, u64)>, CatalogError> {
        let (mut connection, _) = self.reading().await?;
        let rows = sqlx::query(COUNT_ASSETS).fetch_all(&mut *connection).await.map_err(failure::classify)?;
        let count = |row| {
            let mut cells = Cells::new(row, "assets", 0);
            let status = cells.parse(|name| StatusName::find(name).ok_or_else(|| format!("{name:?} is not known")))?;
            Ok((status, cells.unsigned()?))
        };
        rows.iter().map(count).collect()
    }
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
    if let Some(text) = &survey.contains {
        search::push_condition(&mut select, text);
    }
    select.push(" ORDER BY id DESC LIMIT ").push_bind(survey.limit.saturating_add(1));
    select.push(concat!(") a", join_placed!(), " ORDER BY a.id DESC"));
    select
}
