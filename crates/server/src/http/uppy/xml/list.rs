//! `GET /s3/xml/uploads/{upload_id}`: ListParts.

use axum::extract::State;
use axum::response::Response;

use super::document::{answer, element};
use crate::http::HttpState;
use crate::http::openapi::problems;
use crate::http::problem::Denial;
use crate::http::uppy::door::Door;
use crate::http::uppy::upload::{LISTING, Query, Upload, UploadParams, UploadPath};

problems!(
    /// What can go wrong; written as S3's errors.
    ListProblems: LISTING
);

/// List the parts that have arrived, as S3
///
/// All of them on one page.
#[utoipa::path(
    get, path = "/s3/xml/uploads/{upload_id}", tag = "uppy",
    params(UploadParams, ("key" = Option<String>, Query, description = "As it was given when the upload began")),
    responses(
        (status = 200, description = "ListPartsResult", body = String, content_type = "application/xml"),
        ListProblems,
    ),
)]
pub(in crate::http::uppy) async fn uppy_s3_list(
    State(state): State<HttpState>,
    door: Door,
    UploadPath(id): UploadPath,
    query: Query,
) -> Result<Response, Denial> {
    let upload = Upload::find(&state, &door, &id, query.text("key")).await?;
    let listing = upload.list(&state, &door).await?;
    let mut content = element("Bucket", upload.of.name.as_str())
        + &element("Key", query.text("key").unwrap_or(&upload.asset.to_string()))
        + &element("UploadId", &id)
        + &element("IsTruncated", "false");
    for part in listing {
        content += "<Part>";
        content += &element("PartNumber", &part.number.to_string());
        content += &element("ETag", &format!("\"{}\"", part.etag.as_str()));
        content += &element("Size", &part.size.get().to_string());
        content += "</Part>";
    }
    Ok(answer("ListPartsResult", &content))
}
