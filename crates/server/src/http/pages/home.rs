//! `GET /`

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::HeaderMap;
use http::header::CONTENT_SECURITY_POLICY;

use crate::http::HttpState;

/// What a build without the web client shows in its place, in both languages.
const NOT_BUILT: &str = include_str!("not_built.html");

/// Nothing but the page itself: no script, no style, no image.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The web client
///
/// A page that says how to build it, if this build has none.
#[utoipa::path(
    get, path = "/", tag = "operations", security(()),
    responses(
        (status = 200, description = "A page", body = String, content_type = "text/html"),
        (status = 304, description = "The same as the client has"),
    ),
)]
pub(super) async fn home(State(state): State<HttpState>, asked: HeaderMap) -> Response {
    let built = state.web_client.answer("index.html", &asked);
    built.unwrap_or_else(|| ([(CONTENT_SECURITY_POLICY, POLICY)], Html(NOT_BUILT)).into_response())
}
