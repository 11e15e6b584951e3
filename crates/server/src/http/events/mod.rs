//! `/v1/events`: what happens to an owner's assets, as it happens.

mod follow;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(follow::follow_events))
}
