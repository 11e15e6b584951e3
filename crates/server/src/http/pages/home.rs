//! `GET /`

use axum::response::{Html, IntoResponse, Response};
use http::header::CONTENT_SECURITY_POLICY;

const PAGE: &str = include_str!("home.html");

/// Nothing but the page itself: no script, no style, no image.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What this server is
#[utoipa::path(
    get, path = "/", tag = "operations", security(()),
    responses((status = 200, description = "A page", body = String, content_type = "text/html")),
)]
pub(super) async fn home() -> Response {
    ([(CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE)).into_response()
}
