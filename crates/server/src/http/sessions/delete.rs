//! `DELETE /v1/session`

use axum::extract::State;
use http::header::SET_COOKIE;
use http::{HeaderName, HeaderValue, StatusCode};

use super::cookie;
use crate::http::HttpState;
use crate::http::input::NoQuery;
use crate::http::middleware::KnownOrigin;
use crate::http::openapi::problems;

problems!(
    /// What can go wrong.
    SignOutProblems: []
);

/// Sign out
///
/// Takes the cookie away from this browser. Sessions are not stored: a copy of the cookie made before would work until
/// the session's end.
#[utoipa::path(
    delete, path = "/v1/session", tag = "sessions", security(()),
    responses(
        (status = 204, description = "Signed out, or never signed in",
            headers(("Set-Cookie" = String, description = "Empty, and over at once"))),
        SignOutProblems,
    ),
)]
pub(super) async fn delete_session(
    State(state): State<HttpState>,
    KnownOrigin: KnownOrigin,
    NoQuery: NoQuery,
) -> (StatusCode, [(HeaderName, HeaderValue); 1]) {
    (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie::set(&state, "", 0))])
}
