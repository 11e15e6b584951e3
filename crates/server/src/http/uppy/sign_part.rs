//! `GET /s3/multipart/{upload_id}/{part_number}`

use axum::Json;
use axum::extract::State;
use wire::UppyPartUrlBody;

use super::answer::seconds_left;
use super::door::Door;
use super::upload::{GRANTING, PartParams, PartPath, Query, Upload};
use crate::http::HttpState;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    SignPartProblems: GRANTING
);

/// Get a URL to send a part by
#[utoipa::path(
    get, path = "/s3/multipart/{upload_id}/{part_number}", tag = "uppy",
    params(PartParams, ("key" = Option<String>, Query, description = "As it was given when the upload began")),
    responses((status = 200, description = "Where to PUT it", body = UppyPartUrlBody), SignPartProblems),
)]
pub(super) async fn uppy_sign_part(
    State(state): State<HttpState>,
    door: Door,
    PartPath { upload_id, number }: PartPath,
    query: Query,
) -> Result<Json<UppyPartUrlBody>, Denial> {
    let upload = Upload::find(&state, &door, &upload_id, query.text("key")).await?;
    let signed = upload.grant(&state, &door, &[number]).await?;
    let part = signed.into_iter().next().ok_or_else(problem::uppy::upload_over)?;
    let expires = seconds_left(&state, &part);
    Ok(Json(UppyPartUrlBody { url: part.url.into_exposed(), expires }))
}
