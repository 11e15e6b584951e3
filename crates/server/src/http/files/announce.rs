//! `PUT /v1/{collection}/{id}/files/{role}`

use axum::Json;
use axum::extract::State;
use wire::{AnnounceRequest, AssetBody, ErrorCode};

use crate::http::HttpState;
use crate::http::assets::asset_body;
use crate::http::input::{JsonBody, NoQuery, RoleParams, RolePath, RoleToAnnounce, new_file};
use crate::http::middleware::Caller;
use crate::http::openapi::{WITH_BODY, problems};
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    AnnounceProblems: WITH_BODY, [
        ErrorCode::UnknownRole,
        ErrorCode::RoleOccupied,
        ErrorCode::TooManyOpenUploads,
        ErrorCode::TooManyReservedBytes,
        ErrorCode::Gone,
        ErrorCode::Conflict,
        ErrorCode::StoreUnavailable,
    ]
);

/// Announce a file for a role
///
/// Again after a rejection, an optional role later, or a replacement in a CREATED asset: viewers get the old file until
/// the new one is verified. The answer has the URLs of the file's first 100 parts.
#[utoipa::path(
    put, path = "/v1/{collection}/{id}/files/{role}", tag = "files",
    params(RoleParams),
    request_body(content = AnnounceRequest, example = json!({
        "file_name": "sunrise-2.mp4", "size": 500_000_000, "content_type": "video/mp4"
    })),
    responses((status = 200, description = "The asset as it is now", body = AssetBody), AnnounceProblems),
)]
pub(super) async fn announce_file(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    RoleToAnnounce(RolePath { of, id, role }): RoleToAnnounce,
    NoQuery: NoQuery,
    JsonBody(request): JsonBody<AnnounceRequest>,
) -> Result<Json<AssetBody>, Denial> {
    let file = new_file(request)?;
    let opened = state.app().announce_file(&identity.owner, &of, id, &role, &file).await;
    let mut opened = opened.map_err(|error| problem::announce(&error, &of, &role))?;
    opened.grants.retain(|granted, _| *granted == role);
    asset_body(state.app(), &opened.asset, opened.grants).map(Json)
}
