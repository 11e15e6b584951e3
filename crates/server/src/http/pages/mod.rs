//! Pages for people: what this is, and the API's documentation. All of it is served from the binary.

mod docs;
mod document;
mod home;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(home::home))
        .routes(routes!(document::openapi_json))
        .routes(routes!(docs::docs))
        .routes(routes!(docs::docs_file))
}
