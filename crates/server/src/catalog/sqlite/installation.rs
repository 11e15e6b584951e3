//! What the catalog knows about itself: one row for its installation, one for what doctor saw of the store.

use async_trait::async_trait;
use domain::{Epoch, Installation, InstallationId, Leap, StoreProfile, TimeSpan, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::rows::{Cells, micros, signed};
use super::{SqliteCatalog, commit, failure};
use crate::catalog::{CatalogError, InstallationRecord, Stamped, Written, duties};

pub(super) const FIND: &str = "SELECT id, epoch, marked_at, accepted_at, raised_at, leap_noticed_at, leap_micros \
    FROM installation WHERE only_row = 1";
const INSERT: &str = "INSERT INTO installation (only_row, id, epoch) VALUES (1, ?, ?)";
pub(super) const REPLACE: &str = "UPDATE installation SET id = ?, epoch = ?, marked_at = ?, accepted_at = ?, \
    raised_at = ?, leap_noticed_at = ?, leap_micros = ? WHERE only_row = 1 AND id = ? AND epoch = ?";

pub(super) const FIND_PROFILE: &str = "SELECT profile FROM store_profile WHERE only = 1";
const REPLACE_PROFILE: &str = "REPLACE INTO store_profile (only, profile) VALUES (1, ?)";

#[async_trait]
impl InstallationRecord for SqliteCatalog {
    async fn now(&self) -> Result<Timestamp, CatalogError> {
        if self.readers.is_closed() {
            return Err(failure::classify(sqlx::Error::PoolClosed));
        }
        Ok(self.clock.now())
    }

    async fn load_installation(&self, fresh: InstallationId) -> Result<Stamped<Installation>, CatalogError> {
        let (mut connection, now) = self.reading().await?;
        if let Some(value) = find(&mut connection).await? {
            return Ok(Stamped { now, value });
        }
        drop(connection);
        let mut transaction = self.begin().await?;
        let now = self.clock.now();
        if let Some(value) = find(&mut transaction).await? {
            transaction.rollback().await.map_err(failure::classify)?;
            return Ok(Stamped { now, value });
        }
        let made = Installation::new(fresh);
        let insert = sqlx::query(INSERT).bind(made.id.to_string()).bind(signed(made.epoch.0));
        insert.execute(&mut *transaction).await.map_err(failure::classify)?;
        commit(transaction).await?;
        Ok(Stamped { now, value: made })
    }

    async fn replace_installation(&self, from: &Installation, next: &Installation) -> Result<Written, CatalogError> {
        duties::of_installation(from, next);
        let done = sqlx::query(REPLACE)
            .bind(next.id.to_string())
            .bind(signed(next.epoch.0))
            .bind(next.marked_at.map(micros))
            .bind(next.accepted_at.map(micros))
            .bind(next.raised_at.map(micros))
            .bind(next.leap.map(|leap| micros(leap.noticed_at)))
            .bind(next.leap.map(|leap| i64::try_from(leap.span.as_micros()).unwrap_or(i64::MAX)))
            .bind(from.id.to_string())
            .bind(signed(from.epoch.0))
            .execute(&self.writer)
            .await
            .map_err(failure::classify_commit)?;
        Ok(if done.rows_affected() == 1 { Written::Done } else { Written::Stale })
    }

    async fn load_profile(&self) -> Result<Option<StoreProfile>, CatalogError> {
        let row = sqlx::query(FIND_PROFILE).fetch_optional(&self.readers).await.map_err(failure::classify)?;
        let Some(row) = row else { return Ok(None) };
        let text: &str = row.try_get(0).map_err(failure::classify)?;
        let read = serde_json::from_str(text);
        let profile = read.map_err(|source| CatalogError::Unreadable {
            what: "store_profile.profile".to_owned(),
            source: Box::new(source),
        })?;
        Ok(Some(profile))
    }

    async fn store_profile(&self, profile: &StoreProfile) -> Result<(), CatalogError> {
        let text = serde_json::to_string(profile).expect("texts, words and a time are JSON");
        sqlx::query(REPLACE_PROFILE).bind(text).execute(&self.writer).await.map_err(failure::classify_commit)?;
        Ok(())
    }
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
        raised_at: cells.optional_time()?,
        leap: match (cells.optional_time()?, cells.take()?) {
            (Some(noticed_at), Some(span)) => Some(Leap { noticed_at, span: TimeSpan::from_micros(span) }),
            (None, _) | (_, None) => None,
        },
    }))
}
