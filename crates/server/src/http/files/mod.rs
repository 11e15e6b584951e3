//! `/v1/{collection}/{id}/files/{role}`: the files of an asset.

mod announce;
mod redirect;
mod url;
mod withdraw;

pub(super) use url::{file_url_body, reading};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(announce::announce_file, withdraw::withdraw_file, redirect::redirect_to_file))
        .routes(routes!(url::file_url))
}
