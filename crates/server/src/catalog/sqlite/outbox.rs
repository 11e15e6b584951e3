//! The outbox: events, in the order their transactions were committed. There is one writer at a time, so the order of
//! insertion is that order.

use async_trait::async_trait;
use domain::{AssetId, OutboxEvent, OwnerId, Shard};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::rows::{self, Cells, micros, signed};
use super::{SqliteCatalog, failure};
use crate::catalog::{CatalogError, Outbox};

pub(super) const LIST: &str =
    "SELECT id, position, asset, owner, at, kind FROM outbox WHERE position > ? ORDER BY position LIMIT ?";

pub(super) const LIST_OF: &str = "SELECT id, position, asset, owner, at, kind FROM outbox \
    WHERE shard = ? AND owner = ? AND position > ? ORDER BY position LIMIT ?";
pub(super) const LIST_ABOUT: &str = "SELECT id, position, asset, owner, at, kind FROM outbox \
    WHERE shard = ? AND asset = ? ORDER BY position LIMIT ?";
pub(super) const LAST: &str = "SELECT position FROM outbox ORDER BY position DESC LIMIT 1";

const INSERT: &str = "INSERT INTO outbox (shard, id, asset, owner, at, kind) VALUES (?, ?, ?, ?, ?, ?)";

/// Adds events to the transaction that makes them true.
pub(super) async fn append(connection: &mut SqliteConnection, events: &[OutboxEvent]) -> Result<(), CatalogError> {
    for event in events {
        sqlx::query(INSERT)
            .bind(rows::shard(event.owner.shard()))
            .bind(event.id.to_string())
            .bind(event.asset.to_string())
            .bind(event.owner.as_str().to_owned())
            .bind(micros(event.at))
            .bind(serde_json::to_string(&event.kind).expect("an event is plain data"))
            .execute(&mut *connection)
            .await
            .map_err(failure::classify)?;
    }
    Ok(())
}

#[async_trait]
impl Outbox for SqliteCatalog {
    async fn list_events(&self, after: u64, limit: u32) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        let (mut connection, _) = self.reading().await?;
        let query = sqlx::query(LIST).bind(signed(after)).bind(limit);
        let rows = query.fetch_all(&mut *connection).await.map_err(failure::classify)?;
        rows.iter().map(event).collect()
    }

    async fn list_owner_events(
        &self,
        owner: &OwnerId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        let (mut connection, _) = self.reading().await?;
        let query = sqlx::query(LIST_OF)
            .bind(rows::shard(owner.shard()))
            .bind(owner.as_str().to_owned())
            .bind(signed(after))
            .bind(limit);
        let rows = query.fetch_all(&mut *connection).await.map_err(failure::classify)?;
        rows.iter().map(event).collect()
    }

    async fn list_asset_events(
        &self,
        shard: Shard,
        asset: AssetId,
        limit: u32,
    ) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        let (mut connection, _) = self.reading().await?;
        let query = sqlx::query(LIST_ABOUT).bind(rows::shard(shard)).bind(asset.to_string()).bind(limit);
        let rows = query.fetch_all(&mut *connection).await.map_err(failure::classify)?;
        rows.iter().map(event).collect()
    }

    async fn last_event_position(&self) -> Result<u64, CatalogError> {
        let (mut connection, _) = self.reading().await?;
        let query = sqlx::query_scalar(LAST);
        let found: Option<i64> = query.fetch_optional(&mut *connection).await.map_err(failure::classify)?;
        Ok(found.map_or(0, i64::cast_unsigned))
    }
}

fn event(row: &SqliteRow) -> Result<(u64, OutboxEvent), CatalogError> {
    let mut cells = Cells::new(row, "outbox", 0);
    let id = cells.id()?;
    let position = cells.unsigned()?;
    let asset = cells.parse(str::parse)?;
    let owner = cells.parse(domain::OwnerId::parse)?;
    let at = cells.time()?;
    let kind = cells.parse(serde_json::from_str)?;
    Ok((position, OutboxEvent { id, asset, owner, at, kind }))
}
