//! `DELETE /v1/{collection}/{id}`

use axum::extract::State;
use http::StatusCode;
use wire::ErrorCode;

use crate::http::HttpState;
use crate::http::input::{AssetParams, AssetPath, NoQuery};
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    DeleteProblems: [ErrorCode::Conflict]
);

/// Delete an asset, or cancel its upload
///
/// Whatever it was doing: uploading, being verified, published. Deleting again is answered the same.
#[utoipa::path(
    delete, path = "/v1/{collection}/{id}", tag = "assets",
    params(AssetParams),
    responses((status = 204, description = "It is gone; its bytes follow"), DeleteProblems),
)]
pub(super) async fn delete_asset(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    AssetPath { of, id }: AssetPath,
    NoQuery: NoQuery,
) -> Result<StatusCode, Denial> {
    let deleted = state.app().delete_asset(&identity.owner, &of, id).await;
    deleted.map_err(|error| problem::delete(&error))?;
    Ok(StatusCode::NO_CONTENT)
}
