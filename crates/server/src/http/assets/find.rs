//! `GET /v1/{collection}/{id}`

use axum::Json;
use axum::extract::State;
use wire::{AssetBody, ErrorCode};

use super::asset_body;
use crate::http::HttpState;
use crate::http::input::{AssetParams, AssetPath, NoQuery};
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    FindProblems: [ErrorCode::Gone]
);

/// Show an asset
///
/// `files` shows the published file of each role, or the one that is not published yet; `rejected` says why a file was
/// refused. A replacement of a published file is in `replacement`.
#[utoipa::path(
    get, path = "/v1/{collection}/{id}", tag = "assets",
    params(AssetParams),
    responses((status = 200, description = "The asset", body = AssetBody), FindProblems),
)]
pub(super) async fn find_asset(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    AssetPath { of, id }: AssetPath,
    NoQuery: NoQuery,
) -> Result<Json<AssetBody>, Denial> {
    let found = state.app().show_asset(&identity.owner, &of, id).await;
    let asset = found.map_err(|error| problem::find(&error))?;
    asset_body(state.app(), &asset, Default::default()).map(Json)
}
