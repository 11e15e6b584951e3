//! `GET /config.json`

use http::HeaderName;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

/// Where pages find the API: where they are themselves, below whatever path that is.
const HERE: &str = "{\"api\": \".\"}\n";

/// The web client's settings
///
/// Whoever serves the pages from elsewhere writes a file like it, with the API's address in `api`.
#[utoipa::path(
    get, path = "/config.json", tag = "operations", security(()),
    responses((status = 200, description = "The API is where the pages are", body = Object, example = json!({"api": "."}))),
)]
pub(super) async fn web_config() -> ([(HeaderName, &'static str); 2], &'static str) {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], HERE)
}
