//! `GET /w/{token}/{role}`

use axum::extract::State;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{Method, StatusCode};
use wire::ErrorCode;

use crate::http::HttpState;
use crate::http::files::reading;
use crate::http::input::{GrantParams, GrantPath, Query};
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    FollowProblems: [ErrorCode::NotCreated, ErrorCode::Gone, ErrorCode::StoreUnavailable]
);

/// Follow a link
///
/// Redirects to a file of the asset that the link was made for. A private file's URL is signed anew each
/// time, for GET or HEAD, whichever asks.
#[utoipa::path(
    get, path = "/w/{token}/{role}", tag = "files",
    params(
        GrantParams,
        ("disposition" = Option<String>, Query, example = "attachment",
            description = "`attachment` for a download under the file's name, `inline` (the default) to show it"),
    ),
    security(()),
    responses(
        (status = 302, description = "The file is at `Location`",
            headers(("Location" = String, description = "Plain or signed"))),
        FollowProblems,
    ),
)]
pub(super) async fn follow_grant(
    State(state): State<HttpState>,
    GrantPath { token, role }: GrantPath,
    method: Method,
    mut query: Query,
) -> Result<(StatusCode, [(http::HeaderName, String); 2]), Denial> {
    let reading = reading(&method, &mut query);
    query.finish()?;
    let grant = state.parts.authenticator.verify_watch_grant(&token, state.parts.clock.now());
    let grant = grant.map_err(problem::watch)?;
    let url = state.app().granted_url(grant.shard, grant.asset, &role, reading).await;
    let url = url.map_err(|error| problem::read(&error, &role))?.into_exposed();
    Ok((StatusCode::FOUND, [(LOCATION, url), (CACHE_CONTROL, "no-store".to_owned())]))
}
