//! `/v1/admin/assets` and `/v1/admin/overview`: what an operator sees. What an operator does is under `jobs`.

mod body;
mod find;
mod list;
mod overview;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(overview::overview))
        .routes(routes!(list::survey_assets))
        .routes(routes!(find::find_any_asset))
}
