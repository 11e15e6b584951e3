//! `/v1/admin/jobs`: what an operator starts by hand.

mod reap;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(reap::reap))
}
