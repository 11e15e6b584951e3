//! `/v1/{collection}/{id}/grants`, `/w/{token}` and `/w/{token}/{role}`: letting others watch.

mod create;
mod follow;
mod show;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;

/// For owners.
pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(create::create_grant))
}

/// For whoever holds a grant.
pub(super) fn open() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(follow::follow_grant)).routes(routes!(show::show_grant))
}
