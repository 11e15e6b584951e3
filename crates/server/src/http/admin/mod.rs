//! `/v1/admin/assets`, `/v1/admin/overview` and `/v1/admin/owners`: what an operator sees, and whose assets an operator
//! erases. What else an operator does is under `jobs`.

mod body;
mod erase;
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
        .routes(routes!(erase::erase_owner))
}
