//! `PATCH /v1/{collection}/{id}`

use axum::Json;
use axum::extract::State;
use wire::{AssetBody, ErrorCode, PatchRequest};

use super::asset_body;
use crate::http::HttpState;
use crate::http::input::{AssetParams, AssetPath, JsonBody, NoQuery, asset_patch};
use crate::http::middleware::Caller;
use crate::http::openapi::{WITH_BODY, problems};
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    PatchProblems: WITH_BODY, [ErrorCode::Gone, ErrorCode::Conflict]
);

/// Change an asset's title, description or metadata
///
/// What is absent stays as it is; `metadata` is replaced as a whole.
#[utoipa::path(
    patch, path = "/v1/{collection}/{id}", tag = "assets",
    params(AssetParams),
    request_body(content = PatchRequest, example = json!({"title": "Sunrise, take two"})),
    responses((status = 200, description = "The asset as it is now", body = AssetBody), PatchProblems),
)]
pub(super) async fn patch_asset(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    AssetPath { of, id }: AssetPath,
    NoQuery: NoQuery,
    JsonBody(request): JsonBody<PatchRequest>,
) -> Result<Json<AssetBody>, Denial> {
    let patch = asset_patch(request)?;
    let patched = state.app().patch_asset(&identity.owner, &of, id, &patch).await;
    let asset = patched.map_err(|error| problem::patch(&error))?;
    asset_body(state.app(), &asset, Default::default()).map(Json)
}
