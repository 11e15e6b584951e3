//! `GET /v1/admin/assets`

use axum::Json;
use axum::extract::State;
use domain::{AssetId, OwnerId};
use wire::{AdminAssetPage, ErrorCode};

use super::body::asset_body;
use crate::auth::Scope;
use crate::catalog::{StatusName, Survey};
use crate::http::HttpState;
use crate::http::assets::search_text;
use crate::http::bounds::{ASSETS_LOOKED_AT, ASSETS_PER_PAGE, DEFAULT_ASSETS_PER_PAGE, SEARCH_COST};
use crate::http::input::Query;
use crate::http::middleware::{Caller, charge};
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    SurveyProblems: [ErrorCode::Forbidden]
);

/// List everybody's assets, newest first
///
/// In any state, also those whose files are being destroyed. A call looks at no more than 10,000 assets: a page may
/// have fewer than asked for, even none, and yet be followed by another.
#[utoipa::path(
    get, path = "/v1/admin/assets", tag = "admin",
    params(
        ("state" = Option<String>, Query, description = "`UPLOADING`, `CREATED` or `GONE`; all if absent", example = "UPLOADING"),
        ("owner" = Option<String>, Query, description = "Only this owner's"),
        ("q" = Option<String>, Query, description = "Part of the title, of the description or of a file's name, at most 200 characters. Case does not matter", max_length = 200),
        ("limit" = Option<u32>, Query, description = "Assets on the page, 20 if absent", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page of assets", body = AdminAssetPage), SurveyProblems),
)]
pub(super) async fn survey_assets(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    mut query: Query,
) -> Result<Json<AdminAssetPage>, Denial> {
    if !identity.scopes.allow(Scope::Admin) {
        return Err(problem::not_admin());
    }
    let survey = Survey {
        status: query.read("state", "UPLOADING, CREATED or GONE", StatusName::find),
        owner: query.read("owner", "1 to 256 bytes", |text| OwnerId::parse(text).ok()),
        contains: search_text(&mut query),
        before: query.read("cursor", "the next_cursor of the page before", |text| text.parse::<AssetId>().ok()),
        limit: query.read("limit", "1 to 100", page_size).unwrap_or(DEFAULT_ASSETS_PER_PAGE),
        look_at: ASSETS_LOOKED_AT,
    };
    query.finish()?;
    if survey.contains.is_some() {
        charge(&state, &identity.owner, SEARCH_COST).await?;
    }
    let page = state.app().survey_assets(&survey).await.map_err(|error| problem::list(&error))?;
    Ok(Json(AdminAssetPage {
        data: page.assets.into_iter().map(asset_body).collect(),
        next_cursor: page.next.map(|id| id.to_string()),
    }))
}

fn page_size(text: &str) -> Option<u32> {
    text.parse().ok().filter(|limit| (1..=ASSETS_PER_PAGE).contains(limit))
}
