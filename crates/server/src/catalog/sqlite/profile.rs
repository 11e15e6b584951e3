//! What doctor saw of the store: one row, replaced as a whole.

use domain::StoreProfile;
use sqlx::Row as _;

use super::{SqliteCatalog, failure};
use crate::catalog::CatalogError;

pub(super) const FIND: &str = "SELECT profile FROM store_profile WHERE only = 1";
const REPLACE: &str = "INSERT INTO store_profile (only, profile) VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET profile = excluded.profile";

pub(super) async fn load(catalog: &SqliteCatalog) -> Result<Option<StoreProfile>, CatalogError> {
    let row = sqlx::query(FIND).fetch_optional(&catalog.readers).await.map_err(failure::classify)?;
    let Some(row) = row else { return Ok(None) };
    let text: &str = row.try_get(0).map_err(failure::classify)?;
    let read = serde_json::from_str(text);
    let profile = read.map_err(|source| CatalogError::Corrupt {
        what: "store_profile.profile".to_owned(),
        source: Box::new(source),
    })?;
    Ok(Some(profile))
}

pub(super) async fn store(catalog: &SqliteCatalog, profile: &StoreProfile) -> Result<(), CatalogError> {
    let text = serde_json::to_string(profile).expect("texts, words and a time are JSON");
    sqlx::query(REPLACE).bind(text).execute(&catalog.writer).await.map_err(failure::classify)?;
    Ok(())
}
