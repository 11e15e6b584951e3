//! Servers that are alive.

use async_trait::async_trait;
use domain::TimeSpan;

use super::rows::micros;
use super::{SqliteCatalog, commit, failure};
use crate::catalog::{CatalogError, Members};

pub(super) const DELETE_MEMBER: &str = "DELETE FROM members WHERE name = ?";
const INSERT_MEMBER: &str = "INSERT INTO members (name, lapses_at) VALUES (?, ?)";
/// There are as many as servers. One that lapses later than any can said so before the clock was set back.
const FORGET_MEMBERS: &str = "DELETE FROM members WHERE lapses_at NOT BETWEEN ? AND ?";
const LIST_MEMBERS: &str = "SELECT name FROM members ORDER BY name";

#[async_trait]
impl Members for SqliteCatalog {
    async fn renew_member(&self, member: &str, life: TimeSpan) -> Result<Vec<String>, CatalogError> {
        let mut transaction = self.begin().await?;
        let now = self.clock.now();
        let forget = sqlx::query(FORGET_MEMBERS).bind(micros(now) + 1).bind(micros(now + life));
        forget.execute(&mut *transaction).await.map_err(failure::classify)?;
        let delete = sqlx::query(DELETE_MEMBER).bind(member.to_owned());
        delete.execute(&mut *transaction).await.map_err(failure::classify)?;
        let insert = sqlx::query(INSERT_MEMBER).bind(member.to_owned()).bind(micros(now + life));
        insert.execute(&mut *transaction).await.map_err(failure::classify)?;
        let living = sqlx::query_scalar(LIST_MEMBERS).fetch_all(&mut *transaction).await.map_err(failure::classify)?;
        commit(transaction).await?;
        Ok(living)
    }

    async fn remove_member(&self, member: &str) -> Result<(), CatalogError> {
        let query = sqlx::query(DELETE_MEMBER).bind(member.to_owned());
        query.execute(&self.writer).await.map_err(failure::classify_commit)?;
        Ok(())
    }
}
