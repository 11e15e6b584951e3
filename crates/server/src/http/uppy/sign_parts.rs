//! `GET /s3/multipart/{upload_id}/batch`

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use domain::PartNumber;
use wire::UppyPartUrlsBody;

use super::door::Door;
use super::upload::{GRANTING, Query, Upload, UploadParams, UploadPath, part_number};
use crate::http::HttpState;
use crate::http::openapi::problems;
use crate::http::problem::Denial;

/// Most parts of one request: a query of as many numbers has 500 bytes, and no Uppy asks for more than a few.
const MOST: usize = 100;

problems!(
    /// What can go wrong.
    SignPartsProblems: GRANTING
);

/// Get URLs to send several parts by
#[utoipa::path(
    get, path = "/s3/multipart/{upload_id}/batch", tag = "uppy",
    params(
        UploadParams,
        ("key" = Option<String>, Query, description = "As it was given when the upload began"),
        ("partNumbers" = String, Query, description = "1 to 100 numbers, with commas between", example = "1,2,3"),
    ),
    responses((status = 200, description = "Where to PUT them", body = UppyPartUrlsBody), SignPartsProblems),
)]
pub(super) async fn uppy_sign_parts(
    State(state): State<HttpState>,
    door: Door,
    UploadPath(id): UploadPath,
    query: Query,
) -> Result<Json<UppyPartUrlsBody>, Denial> {
    let text = query.text("partNumbers").unwrap_or_default();
    let numbers: BTreeSet<PartNumber> =
        text.split(',').map(|text| part_number("partNumbers", text.trim())).collect::<Result<_, _>>()?;
    if numbers.len() > MOST {
        return Err(Denial::field("partNumbers", format!("must be 1 to {MOST} numbers")));
    }
    let numbers: Vec<_> = numbers.into_iter().collect();
    let upload = Upload::find(&state, &door, &id, query.text("key")).await?;
    let signed = upload.grant(&state, &door, &numbers).await?;
    let urls = signed.into_iter().map(|part| (part.number.to_string(), part.url.into_exposed()));
    Ok(Json(UppyPartUrlsBody { presigned_urls: urls.collect() }))
}
