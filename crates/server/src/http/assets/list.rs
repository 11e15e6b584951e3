//! `GET /v1/{collection}`

use axum::Json;
use axum::extract::State;
use domain::{AssetId, Fingerprint, SearchText};
use wire::AssetPage;

use super::asset_body;
use crate::catalog::{AssetQuery, ListedStatus};
use crate::http::HttpState;
use crate::http::bounds::{ASSETS_LOOKED_AT, ASSETS_PER_PAGE, DEFAULT_ASSETS_PER_PAGE, SEARCH_CHARS, SEARCH_COST};
use crate::http::input::{CollectionParams, CollectionPath, Query};
use crate::http::middleware::{Caller, charge};
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    ListProblems: []
);

/// List your assets, newest first
///
/// `fingerprint` finds an unfinished upload of the same local file, to go on with it. A search by `q` looks at no more than
/// 10,000 assets a call: a page may have fewer than asked for, even none, and yet be followed by another.
#[utoipa::path(
    get, path = "/v1/{collection}", tag = "assets",
    params(
        CollectionParams,
        ("status" = Option<String>, Query, description = "`UPLOADING` or `CREATED`; both if absent", example = "CREATED"),
        ("q" = Option<String>, Query, description = "Part of the title, of the description or of a file's name, at most 200 characters. Case does not matter", max_length = 200),
        ("fingerprint" = Option<String>, Query, description = "Exactly this fingerprint", max_length = 256),
        ("limit" = Option<u32>, Query, description = "Assets on the page, 20 if absent", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page of assets", body = AssetPage), ListProblems),
)]
pub(super) async fn list_assets(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    CollectionPath { of }: CollectionPath,
    mut query: Query,
) -> Result<Json<AssetPage>, Denial> {
    let wanted = AssetQuery {
        owner: identity.owner,
        collection: of.name.clone(),
        status: query.read("status", "UPLOADING or CREATED", listed_status),
        contains: search_text(&mut query),
        fingerprint: query.read("fingerprint", "1 to 256 bytes", |text| Fingerprint::parse(text).ok()),
        before: query.read("cursor", "the next_cursor of the page before", |text| text.parse::<AssetId>().ok()),
        limit: query.read("limit", "1 to 100", page_size).unwrap_or(DEFAULT_ASSETS_PER_PAGE),
        look_at: ASSETS_LOOKED_AT,
    };
    query.finish()?;
    if wanted.contains.is_some() {
        charge(&state, &wanted.owner, SEARCH_COST).await?;
    }
    let page = state.app().list_assets(&wanted).await.map_err(|error| problem::list(&error))?;
    let bodies = page.assets.iter().map(|asset| asset_body(state.app(), asset, Default::default()));
    let next_cursor = page.next.map(|id| id.to_string());
    Ok(Json(AssetPage { data: bodies.collect::<Result<_, _>>()?, next_cursor }))
}

fn listed_status(text: &str) -> Option<ListedStatus> {
    match text {
        "UPLOADING" => Some(ListedStatus::Uploading),
        "CREATED" => Some(ListedStatus::Created),
        _ => None,
    }
}

fn page_size(text: &str) -> Option<u32> {
    text.parse().ok().filter(|limit| (1..=ASSETS_PER_PAGE).contains(limit))
}

/// Reads `q`.
pub(in crate::http) fn search_text(query: &mut Query) -> Option<SearchText> {
    let read = |text: &str| (text.chars().count() <= SEARCH_CHARS).then(|| SearchText::parse(text));
    query.read("q", "at most 200 characters", read).flatten()
}
