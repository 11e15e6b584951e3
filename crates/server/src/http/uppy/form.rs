//! `POST /form/`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::{ByteCount, ETag, FileState, PartNumber, StateName};
use http::header::{ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use wire::{ErrorCode, UppyCompleteBody};

use super::answer::completed;
use super::door::Door;
use super::form_data::UppyForm;
use super::params::UPLOAD_FIELD;
use super::upload::{COMPLETING, Upload};
use crate::app::{GrantError, RELAY_LIMIT};
use crate::http::HttpState;
use crate::http::admission::{Full, Holders};
use crate::http::bounds::FORM_FIELDS_LIMIT;
use crate::http::input::FormBody;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    FormProblems: COMPLETING, [
        ErrorCode::Unsupported,
        ErrorCode::BodyTooLarge,
        ErrorCode::InvalidJson,
        ErrorCode::UploadExpired,
    ]
);

/// Send a small file as a form
///
/// The one place where bytes of a file pass through this server: at most 5 MiB, counted by `landfall.relayed_bytes`, and
/// `uploads.relay_forms = false` switches it off. The file becomes part 1 of its upload and is verified like any other.
#[utoipa::path(
    post, path = "/form/", tag = "uppy",
    request_body(content = Object, content_type = "multipart/form-data",
        description = "The fields that `/s3/params` gave, then the file as `file`"),
    responses(
        (status = 201, description = "What became of it", body = UppyCompleteBody,
            headers(("Location" = String, description = "Where the file is"), ("ETag" = String, description = "Of the part"))),
        FormProblems,
    ),
)]
pub(super) async fn uppy_form(
    State(state): State<HttpState>,
    Extension(holders): Extension<Holders>,
    door: Door,
    body: FormBody,
) -> Result<Response, Denial> {
    if !state.parts.relay_forms.allowed() {
        return Err(problem::uppy::no_forms());
    }
    let turn = state.admission.form(&holders).map_err(|full| match full {
        Full::Holder => problem::too_many_at_once(),
        Full::All => problem::overloaded(),
    })?;
    let limit = ByteCount(RELAY_LIMIT.get() + FORM_FIELDS_LIMIT.get());
    let (boundary, bytes) = body.read(limit).await?.ok_or_else(|| problem::uppy::form_too_large(RELAY_LIMIT))?;
    let mut form = UppyForm::parse(&boundary, bytes).await.map_err(problem::uppy::no_form)?;
    let file = form.file.take();
    let id = form.text(UPLOAD_FIELD).ok_or_else(|| Denial::field(UPLOAD_FIELD, "is required"))?;
    let file = file.ok_or_else(|| Denial::field("file", "is required"))?;
    if file.is_empty() {
        return Err(Denial::field("file", "must not be empty: an empty file cannot be uploaded"));
    }
    if file.len() as u64 > RELAY_LIMIT.get() {
        return Err(problem::uppy::form_too_large(RELAY_LIMIT));
    }
    let upload = Upload::find(&state, &door, id, form.text("key")).await?;
    let sent = relay(&state, &door, &upload, file).await?;
    drop(turn);
    let claim = sent.clone().map(|etag| [(PartNumber::new(1).expect("1 is a part number"), etag)].into());
    let asset = upload.complete(&state, &door, claim).await?;
    let body = completed(&state, &asset, &upload.file.role);
    let etag = sent.map_or_else(|| upload.file.id.to_string(), |etag| etag.as_str().to_owned());
    let headers = [(ETAG, format!("\"{etag}\"")), (LOCATION, body.location.clone())];
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    for (name, value) in headers {
        // Both are ASCII: an ETag of the store, a URL of ours.
        response.headers_mut().insert(name, HeaderValue::from_str(&value).map_err(|_not_ascii| problem::internal())?);
    }
    Ok(response)
}

/// Sends the file on, unless it has arrived before: a browser that heard no answer sends its form again.
async fn relay(state: &HttpState, door: &Door, upload: &Upload, file: bytes::Bytes) -> Result<Option<ETag>, Denial> {
    if !matches!(upload.file.state, FileState::Reserved | FileState::Uploading) {
        return Ok(None);
    }
    let role = &upload.file.role;
    match state.app().relay_file(&door.owner, &upload.of, upload.asset, role, upload.file.id, file).await {
        Ok(etag) => Ok(Some(etag)),
        // Since it was looked at, the drive lane has found what the first form brought.
        Err(GrantError::NotUploading(Some(StateName::Committing | StateName::Verified | StateName::Created))) => {
            Ok(None)
        }
        Err(error) => Err(problem::grant(&error, role)),
    }
}
