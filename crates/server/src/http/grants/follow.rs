//! `GET /w/{token}/{role}`

use axum::extract::State;
use http::StatusCode;
use http::header::{CACHE_CONTROL, LOCATION};
use wire::ErrorCode;

use crate::app::ReadUrl;
use crate::http::HttpState;
use crate::http::files::intent;
use crate::http::input::{GrantParams, GrantPath, Query};
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

/// What stands in logs and problems in the place of the path, which holds a password.
pub(in crate::http) const ROUTE: &str = "/w/{token}/{role}";

problems!(
    /// What can go wrong.
    FollowProblems: [ErrorCode::NotCreated, ErrorCode::Gone, ErrorCode::StoreUnavailable]
);

/// Follow a link
///
/// Redirects to a file of the asset that the link was made for. A private file's URL is signed anew each time.
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
    mut query: Query,
) -> Result<(StatusCode, [(http::HeaderName, String); 2]), Denial> {
    let intent = intent(&mut query);
    query.finish()?;
    let grant = state.parts.authenticator.verify_watch_grant(&token, state.parts.clock.now());
    let grant = grant.map_err(problem::watch)?;
    let url = state.app().granted_url(grant.asset, &role, intent).await;
    let url = match url.map_err(|error| problem::read(&error, &role))? {
        ReadUrl::Public(url) => url,
        ReadUrl::Signed { url, .. } => url.into_exposed(),
    };
    Ok((StatusCode::FOUND, [(LOCATION, url), (CACHE_CONTROL, "no-store".to_owned())]))
}
