//! `DELETE /s3/multipart/{upload_id}`

use axum::Json;
use axum::extract::State;
use wire::{ErrorCode, UppyNothingBody};

use super::door::Door;
use super::upload::{Query, Upload, UploadParams, UploadPath};
use crate::http::HttpState;
use crate::http::openapi::problems;
use crate::http::problem::Denial;

problems!(
    /// What can go wrong.
    AbortProblems: [ErrorCode::Conflict]
);

/// Give an upload up
///
/// Does nothing once it is being committed or published: Uppy also sends this when it heard no answer to "complete".
#[utoipa::path(
    delete, path = "/s3/multipart/{upload_id}", tag = "uppy",
    params(UploadParams, ("key" = Option<String>, Query, description = "As it was given when the upload began")),
    responses((status = 200, description = "Nothing, as an object", body = UppyNothingBody), AbortProblems),
)]
pub(super) async fn uppy_abort(
    State(state): State<HttpState>,
    door: Door,
    UploadPath(id): UploadPath,
    query: Query,
) -> Result<Json<UppyNothingBody>, Denial> {
    match Upload::find(&state, &door, &id, query.text("key")).await {
        Ok(upload) => upload.cancel(&state, &door).await?,
        // What has ended already is given up.
        Err(denial) if matches!(denial.code(), ErrorCode::Gone | ErrorCode::UploadClosed) => {}
        Err(denial) => return Err(denial),
    }
    Ok(Json(UppyNothingBody {}))
}
