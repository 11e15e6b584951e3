//! `GET /s3/multipart/{upload_id}`

use axum::Json;
use axum::extract::State;
use domain::Part;
use wire::UppyPartBody;

use super::door::Door;
use super::upload::{LISTING, Query, Upload, UploadParams, UploadPath};
use crate::http::HttpState;
use crate::http::openapi::problems;
use crate::http::problem::Denial;

problems!(
    /// What can go wrong.
    ListProblems: LISTING
);

/// List the parts that have arrived
///
/// All of them, as the store has them: the basis of resuming.
#[utoipa::path(
    get, path = "/s3/multipart/{upload_id}", tag = "uppy",
    params(UploadParams, ("key" = Option<String>, Query, description = "As it was given when the upload began")),
    responses((status = 200, description = "Parts by number", body = Vec<UppyPartBody>), ListProblems),
)]
pub(super) async fn uppy_list_parts(
    State(state): State<HttpState>,
    door: Door,
    UploadPath(id): UploadPath,
    query: Query,
) -> Result<Json<Vec<UppyPartBody>>, Denial> {
    let upload = Upload::find(&state, &door, &id, query.text("key")).await?;
    let listing = upload.list(&state, &door).await?;
    Ok(Json(listing.into_iter().map(part_body).collect()))
}

fn part_body(part: Part) -> UppyPartBody {
    UppyPartBody { number: part.number.get(), etag: format!("\"{}\"", part.etag.as_str()), size: part.size.get() }
}
