//! `/v1/admin`: what an operator does by hand.

mod accept_restore;
mod audit;
mod reap;
mod reconcile;
mod scrub;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;

pub use accept_restore::body as accept_restore_body;
pub use audit::body as audit_body;
pub use reconcile::perform as reconcile_by_hand;
pub use scrub::body as scrub_body;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(audit::audit))
        .routes(routes!(scrub::scrub))
        .routes(routes!(reconcile::reconcile))
        .routes(routes!(reap::reap))
        .routes(routes!(accept_restore::accept_restore))
}
