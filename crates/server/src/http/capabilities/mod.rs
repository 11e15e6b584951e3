//! `/v1/{collection}/capabilities`: letting a page upload that can send no header.

mod create;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(create::create_capability))
}
