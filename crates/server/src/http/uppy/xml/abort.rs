//! `DELETE /s3/xml/uploads/{upload_id}`: AbortMultipartUpload.

use axum::extract::State;
use http::StatusCode;
use wire::ErrorCode;

use crate::http::HttpState;
use crate::http::openapi::problems;
use crate::http::problem::Denial;
use crate::http::uppy::door::Door;
use crate::http::uppy::upload::{Query, Upload, UploadParams, UploadPath};

problems!(
    /// What can go wrong; written as S3's errors.
    AbortProblems: [ErrorCode::Conflict]
);

/// Give an upload up, as S3
#[utoipa::path(
    delete, path = "/s3/xml/uploads/{upload_id}", tag = "uppy",
    params(UploadParams, ("key" = Option<String>, Query, description = "As it was given when the upload began")),
    responses((status = 204, description = "It is given up, or is past that"), AbortProblems),
)]
pub(in crate::http::uppy) async fn uppy_s3_abort(
    State(state): State<HttpState>,
    door: Door,
    UploadPath(id): UploadPath,
    query: Query,
) -> Result<StatusCode, Denial> {
    match Upload::find(&state, &door, &id, query.text("key")).await {
        Ok(upload) => upload.cancel(&state, &door).await?,
        Err(denial) if matches!(denial.code(), ErrorCode::Gone | ErrorCode::UploadClosed) => {}
        Err(denial) => return Err(denial),
    }
    Ok(StatusCode::NO_CONTENT)
}
