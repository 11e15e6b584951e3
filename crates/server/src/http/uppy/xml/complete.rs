//! `POST /s3/xml/uploads/{upload_id}`: CompleteMultipartUpload.

use axum::extract::State;
use axum::response::Response;
use wire::ErrorCode;

use super::document::{answer, element, read_claim};
use crate::http::HttpState;
use crate::http::input::LongText;
use crate::http::openapi::problems;
use crate::http::problem::Denial;
use crate::http::uppy::answer::completed;
use crate::http::uppy::door::Door;
use crate::http::uppy::upload::{COMPLETING, Query, Upload, UploadParams, UploadPath, claimed};

problems!(
    /// What can go wrong; written as S3's errors.
    CompleteProblems: COMPLETING, [ErrorCode::BodyTooLarge, ErrorCode::InvalidJson]
);

/// Say that everything is sent, as S3
#[utoipa::path(
    post, path = "/s3/xml/uploads/{upload_id}", tag = "uppy",
    params(UploadParams, ("key" = Option<String>, Query, description = "As it was given when the upload began")),
    request_body(content = String, content_type = "application/xml", description = "CompleteMultipartUpload"),
    responses(
        (status = 200, description = "CompleteMultipartUploadResult", body = String, content_type = "application/xml"),
        CompleteProblems,
    ),
)]
pub(in crate::http::uppy) async fn uppy_s3_complete(
    State(state): State<HttpState>,
    door: Door,
    UploadPath(id): UploadPath,
    query: Query,
    LongText(text): LongText,
) -> Result<Response, Denial> {
    let parts = read_claim(&text).ok_or_else(|| Denial::field("body", "must be a CompleteMultipartUpload document"))?;
    let parts = claimed(parts)?;
    let upload = Upload::find(&state, &door, &id, query.text("key")).await?;
    let etag = upload.file.id.to_string();
    let asset = upload.complete(&state, &door, Some(parts)).await?;
    let body = completed(&state, &asset, &upload.file.role);
    let content = element("Location", &body.location)
        + &element("Bucket", &body.bucket)
        + &element("Key", &body.key)
        + &element("ETag", &format!("\"{etag}\""));
    Ok(answer("CompleteMultipartUploadResult", &content))
}
