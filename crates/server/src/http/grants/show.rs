//! `GET /w/{token}`

use axum::Json;
use axum::extract::State;
use wire::{ErrorCode, WatchBody};

use crate::http::HttpState;
use crate::http::files::file_url_body;
use crate::http::input::{GrantTokenParams, GrantTokenPath, NoQuery};
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    ShowProblems: [ErrorCode::Gone, ErrorCode::StoreUnavailable]
);

/// What a link shows
///
/// For a page that anybody with the link can open: what it shows, and where the files are read for now. `/w/{token}/{role}`
/// leads to each of them until the link ends.
#[utoipa::path(
    get, path = "/w/{token}", tag = "files", security(()),
    params(GrantTokenParams),
    responses((status = 200, description = "The published asset", body = WatchBody), ShowProblems),
)]
pub(super) async fn show_grant(
    State(state): State<HttpState>,
    GrantTokenPath(token): GrantTokenPath,
    NoQuery: NoQuery,
) -> Result<([(http::HeaderName, &'static str); 1], Json<WatchBody>), Denial> {
    let grant = state.parts.authenticator.verify_watch_grant(&token, state.parts.clock.now());
    let grant = grant.map_err(problem::watch)?;
    let (asset, urls) =
        state.app().granted_asset(grant.shard, grant.asset).await.map_err(|error| problem::find(&error))?;
    let published = asset.places.iter().filter(|(_, place)| place.published.is_some());
    let roles: Vec<_> = published.map(|(role, _)| role.to_string()).collect();
    let body = WatchBody {
        title: asset.title.as_str().to_owned(),
        description: asset.description.as_str().to_owned(),
        collection: asset.collection.to_string(),
        roles,
        files: urls.into_iter().map(|(role, url)| (role.to_string(), file_url_body(url))).collect(),
        expires_at: grant.ends_at,
    };
    Ok(([(http::header::CACHE_CONTROL, "no-store")], Json(body)))
}
