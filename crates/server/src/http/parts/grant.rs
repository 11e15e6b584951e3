//! `POST /v1/{collection}/{id}/files/{role}/part-urls`

use axum::Json;
use axum::extract::State;
use wire::{ErrorCode, PartUrlsBody, PartUrlsRequest};

use super::part_url_body;
use crate::http::HttpState;
use crate::http::bounds::PART_URLS_PER_REQUEST;
use crate::http::input::{JsonBody, NoQuery, RoleParams, RolePath, parts_wanted};
use crate::http::middleware::{Caller, charge};
use crate::http::openapi::{WITH_BODY, problems};
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    GrantProblems: WITH_BODY, [
        ErrorCode::UploadClosed,
        ErrorCode::UploadExpired,
        ErrorCode::UploadRejected,
        ErrorCode::Gone,
        ErrorCode::Conflict,
        ErrorCode::StoreUnavailable,
    ]
);

/// Get URLs to send parts by
///
/// `PUT` exactly `size` bytes to each `url`, with its `headers`. A URL works until `expires_at` and may be used again
/// until then; ask anew whenever one has expired. Every grant also moves the upload's deadline.
///
/// Of a file whose size was not declared at most 20 URLs are given at once, without `size`: parts may have 5 MiB to
/// 5 GiB, the last one less. After every 20 URLs what has arrived is added up; over the role's limit the file is
/// rejected, with `upload_rejected`.
#[utoipa::path(
    post, path = "/v1/{collection}/{id}/files/{role}/part-urls", tag = "parts",
    params(RoleParams),
    request_body(content = PartUrlsRequest, example = json!({"numbers": [101, 102, 103]})),
    responses((status = 200, description = "One for each number, in that order", body = PartUrlsBody), GrantProblems),
)]
pub(super) async fn grant_parts(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    RolePath { of, id, role }: RolePath,
    NoQuery: NoQuery,
    JsonBody(request): JsonBody<PartUrlsRequest>,
) -> Result<Json<PartUrlsBody>, Denial> {
    let wanted = parts_wanted(request)?;
    let more = u32::try_from(wanted.len() / PART_URLS_PER_REQUEST).unwrap_or(u32::MAX);
    charge(&state, &identity.owner, more).await?;
    let granted = state.app().grant_parts(&identity.owner, &of, id, &role, &wanted).await;
    let parts = granted.map_err(|error| problem::grant(&error, &role))?;
    Ok(Json(PartUrlsBody { parts: parts.into_iter().map(part_url_body).collect() }))
}
