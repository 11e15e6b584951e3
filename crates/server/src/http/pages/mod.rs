//! Pages for people: the web client and the API's documentation. All of it is served from the binary.

mod config;
mod docs;
mod document;
mod home;
mod web_client;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Method, Uri};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;
use super::problem::{self, Denial};

pub(super) use web_client::WebClient;
pub use web_client::WebFile;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(home::home))
        .routes(routes!(config::web_config))
        .routes(routes!(document::openapi_json))
        .routes(routes!(docs::docs))
        .routes(routes!(docs::docs_file))
}

/// What stands at a path that is no operation's: a file of the web client, or nothing.
pub(super) async fn file(
    State(state): State<HttpState>,
    method: Method,
    uri: Uri,
    asked: HeaderMap,
) -> Result<Response, Denial> {
    let reads = method == Method::GET || method == Method::HEAD;
    let file =
        reads.then(|| state.web_client.answer(uri.path().strip_prefix('/').unwrap_or_default(), &asked)).flatten();
    file.ok_or_else(problem::unknown_path)
}
