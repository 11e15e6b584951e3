//! `POST /s3/multipart`

use axum::Json;
use axum::extract::State;
use wire::{ErrorCode, UppyUploadBody, UppyUploadRequest};

use super::begin::{BEGINNING, begin};
use super::door::Door;
use super::wanted::{Wanted, texts};
use crate::app::Finisher;
use crate::http::HttpState;
use crate::http::input::AnyJson;
use crate::http::openapi::problems;
use crate::http::problem::Denial;

problems!(
    /// What can go wrong.
    CreateProblems: BEGINNING, [ErrorCode::InvalidJson, ErrorCode::BodyTooLarge]
);

/// Begin an upload in parts
///
/// Its size is not said: the role's limit holds, or that of the capability if it is lower.
#[utoipa::path(
    post, path = "/s3/multipart", tag = "uppy",
    request_body(content = UppyUploadRequest, example = json!({
        "filename": "휴가 🎬.mp4", "type": "video/mp4", "metadata": {"collection": "videos", "title": "여름 휴가"}
    })),
    responses((status = 200, description = "It has begun", body = UppyUploadBody), CreateProblems),
)]
pub(super) async fn uppy_create(
    State(state): State<HttpState>,
    door: Door,
    AnyJson(request): AnyJson<UppyUploadRequest>,
) -> Result<Json<UppyUploadBody>, Denial> {
    let media_type = request.media_type.as_ref().and_then(|value| value.as_str());
    let metadata = texts(request.metadata.unwrap_or_default());
    let wanted = Wanted::parse(request.filename.as_deref(), media_type, metadata)?;
    let begun = begin(&state, &door, wanted, Finisher::Owner).await?;
    Ok(Json(UppyUploadBody {
        key: begun.upload.asset.to_string(),
        upload_id: begun.upload.file.id.to_string(),
        bucket: begun.upload.of.name.to_string(),
    }))
}
