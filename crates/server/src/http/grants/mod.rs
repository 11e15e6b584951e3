//! `/v1/{collection}/{id}/grants` and `/w/{token}/{role}`: letting others watch.

mod create;
mod follow;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;

pub(super) use follow::ROUTE as FOLLOW_ROUTE;

/// For owners.
pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(create::create_grant))
}

/// For whoever holds a grant.
pub(super) fn open() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(follow::follow_grant))
}
