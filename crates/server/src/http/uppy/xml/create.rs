//! `POST /s3/xml/uploads`: CreateMultipartUpload.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::document::{answer, element};
use crate::app::Finisher;
use crate::http::HttpState;
use crate::http::openapi::problems;
use crate::http::problem::Denial;
use crate::http::uppy::begin::{BEGINNING, begin};
use crate::http::uppy::door::Door;
use crate::http::uppy::sign::bare_name;
use crate::http::uppy::upload::Query;
use crate::http::uppy::wanted::Wanted;

problems!(
    /// What can go wrong; written as S3's errors.
    CreateProblems: BEGINNING
);

/// Begin an upload in parts, as S3
///
/// Where `/s3/sign` leads. The file's type is the request's `Content-Type`.
#[utoipa::path(
    post, path = "/s3/xml/uploads", tag = "uppy",
    params(
        ("key" = String, Query, description = "The file's name, or what Uppy makes of it"),
        ("metadata[collection]" = Option<String>, Query,
            description = "The collection; likewise `asset_id`, `role`, `title`, `description`"),
    ),
    request_body(content = String, content_type = "application/octet-stream", description = "Not read"),
    responses(
        (status = 200, description = "InitiateMultipartUploadResult", body = String, content_type = "application/xml"),
        CreateProblems,
    ),
)]
pub(in crate::http::uppy) async fn uppy_s3_create(
    State(state): State<HttpState>,
    door: Door,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Denial> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let key = query.text("key").unwrap_or_default();
    let wanted = Wanted::parse(Some(bare_name(key)), media_type, query.members("metadata"))?;
    let begun = begin(&state, &door, wanted, Finisher::Owner).await?;
    let content = element("Bucket", begun.upload.of.name.as_str())
        + &element("Key", key)
        + &element("UploadId", &begun.upload.file.id.to_string());
    Ok(answer("InitiateMultipartUploadResult", &content))
}
