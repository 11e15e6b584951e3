//! Liveness, readiness and metrics: for load balancers and operators, without a token.

mod host_look;
mod live;
mod metrics;
mod ready;

pub(super) use ready::Readiness;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(live::healthz))
        .routes(routes!(ready::readyz))
        .routes(routes!(metrics::prometheus_metrics))
}
