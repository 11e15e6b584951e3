//! `POST /v1/{collection}/{id}/complete`

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use wire::{AssetBody, CompleteRequest, ErrorCode};

use super::asset_body;
use crate::app::Completed;
use crate::http::HttpState;
use crate::http::input::{AssetParams, AssetPath, NoQuery, OptionalJsonBody, completion};
use crate::http::middleware::Caller;
use crate::http::openapi::{WITH_BODY, problems};
use crate::http::problem::{self, Denial};

/// What naming a part takes in a body, about.
const BYTES_PER_PART: usize = 45;

problems!(
    /// What can go wrong.
    CompleteProblems: WITH_BODY, [
        ErrorCode::UnknownRole,
        ErrorCode::UploadIncomplete,
        ErrorCode::UploadRejected,
        ErrorCode::Gone,
        ErrorCode::Conflict,
        ErrorCode::StoreUnavailable,
    ]
);

/// Say that everything is sent
///
/// The server lists the parts itself, so the body may be empty; what it claims is compared, never believed. All
/// announced files are published together, or none. 409 `upload_incomplete` changes nothing: send what it names and
/// complete again. 422 `upload_rejected` is final for that file: announce its role again. Repeating after success is
/// success.
#[utoipa::path(
    post, path = "/v1/{collection}/{id}/complete", tag = "assets",
    params(AssetParams),
    request_body(content = Option<CompleteRequest>, example = json!({"title": "Sunrise over Seongsan"})),
    responses(
        (status = 200, description = "The asset is CREATED", body = AssetBody),
        (status = 202, description = "The store is still at work after 25 s; it goes on, look again", body = AssetBody),
        CompleteProblems,
    ),
)]
pub(super) async fn complete_asset(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    AssetPath { of, id }: AssetPath,
    NoQuery: NoQuery,
    OptionalJsonBody(request): OptionalJsonBody<CompleteRequest>,
) -> Result<(StatusCode, Json<AssetBody>), Denial> {
    let parts = request.files.0.values().flat_map(|file| &file.parts).map(Vec::len);
    let (size, rules) = (parts.sum::<usize>() * BYTES_PER_PART, of.clone());
    let completion = state.heavy.run(size, move || completion(request, &rules)).await??;
    let completed = state.app().complete_asset(&identity.owner, &of, id, &completion).await;
    let (status, asset) = match completed.map_err(|error| problem::complete(&error, &of))? {
        Completed::Created(asset) => (StatusCode::OK, asset),
        Completed::StillCommitting(asset) => (StatusCode::ACCEPTED, asset),
    };
    Ok((status, Json(asset_body(state.app(), &asset, Default::default())?)))
}
