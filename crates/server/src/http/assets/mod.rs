//! `/v1/{collection}`: assets, from creation to deletion.

mod body;
mod complete;
mod create;
mod delete;
mod find;
mod list;
mod patch;

pub(super) use body::asset_body;
pub(super) use list::search_text;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(create::create_asset, list::list_assets))
        .routes(routes!(find::find_asset, patch::patch_asset, delete::delete_asset))
        .routes(routes!(complete::complete_asset))
}
