//! `POST /s3/multipart/{upload_id}/complete`

use axum::Json;
use axum::extract::State;
use wire::{ErrorCode, UppyCompleteBody, UppyCompleteRequest};

use super::answer::completed;
use super::door::Door;
use super::upload::{COMPLETING, Query, Upload, UploadParams, UploadPath, claimed};
use crate::http::HttpState;
use crate::http::input::LongJson;
use crate::http::openapi::problems;
use crate::http::problem::Denial;

problems!(
    /// What can go wrong.
    CompleteProblems: COMPLETING, [ErrorCode::InvalidJson, ErrorCode::BodyTooLarge]
);

/// Say that everything is sent
///
/// What is claimed must be what has arrived, and what arrived is verified as anywhere else. After 25 s the answer is
/// `UPLOADING` and the store goes on; repeating is harmless.
#[utoipa::path(
    post, path = "/s3/multipart/{upload_id}/complete", tag = "uppy",
    params(UploadParams, ("key" = Option<String>, Query, description = "As it was given when the upload began")),
    request_body(content = UppyCompleteRequest, example = json!({"parts": [
        {"PartNumber": 1, "ETag": "\"5d41402abc4b2a76b9719d911017c592\""}
    ]})),
    responses((status = 200, description = "What became of it", body = UppyCompleteBody), CompleteProblems),
)]
pub(super) async fn uppy_complete(
    State(state): State<HttpState>,
    door: Door,
    UploadPath(id): UploadPath,
    query: Query,
    LongJson(request): LongJson<UppyCompleteRequest>,
) -> Result<Json<UppyCompleteBody>, Denial> {
    let parts = claimed(request.parts.into_iter().map(|part| (part.number, part.etag)))?;
    let upload = Upload::find(&state, &door, &id, query.text("key")).await?;
    let asset = upload.complete(&state, &door, Some(parts)).await?;
    Ok(Json(completed(&state, &asset, &upload.file.role)))
}
