//! `GET /s3/params`

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use wire::{ErrorCode, UppyParamsBody};

use super::answer::seconds_left;
use super::begin::{BEGINNING, begin};
use super::door::Door;
use super::upload::Query;
use super::wanted::Wanted;
use crate::app::Finisher;
use crate::http::HttpState;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

/// The field of a form that names the upload.
pub(super) const UPLOAD_FIELD: &str = "x-landfall-upload";

problems!(
    /// What can go wrong.
    ParamsProblems: BEGINNING, [ErrorCode::Unsupported]
);

/// Begin an upload that is sent as a whole
///
/// Nobody says later that it is sent: it is finished when it has arrived. With a token the answer is a
/// `PUT` straight to the store. With a capability it is a form of at most 5 MiB to this server, because Uppy 6 sends
/// nothing else; larger files are sent in parts (`shouldUseMultipart: true`). By the session's cookie nothing is begun
/// here: 403, because browsers send it along with a GET of any page of the same site.
#[utoipa::path(
    get, path = "/s3/params", tag = "uppy",
    params(
        ("filename" = String, Query, description = "The file's name", example = "휴가 🎬.mp4"),
        ("type" = Option<String>, Query, description = "Its media type; `undefined` where the browser knows none"),
        ("metadata[collection]" = Option<String>, Query,
            description = "The collection; likewise `asset_id`, `role`, `title`, `description`, and what else shall be kept"),
    ),
    responses((status = 200, description = "Where to send it", body = UppyParamsBody), ParamsProblems),
)]
pub(super) async fn uppy_params(
    State(state): State<HttpState>,
    door: Door,
    query: Query,
) -> Result<Json<UppyParamsBody>, Denial> {
    door.require_intent()?;
    if door.opened.is_some() && !state.parts.relay_forms.allowed() {
        return Err(problem::uppy::no_forms());
    }
    let wanted = Wanted::parse(query.text("filename"), query.text("type"), query.members("metadata"))?;
    let begun = begin(&state, &door, wanted, Finisher::Arrival).await?;
    let part = begun.parts.into_iter().next().ok_or_else(problem::uppy::upload_over)?;
    let expires = seconds_left(&state, &part);
    let mut fields = BTreeMap::from([("key".to_owned(), begun.upload.asset.to_string())]);
    let (method, url, headers) = match &door.opened {
        None => ("PUT", part.url.into_exposed(), part.headers.into_iter().collect()),
        Some(_) => {
            fields.insert(UPLOAD_FIELD.to_owned(), begun.upload.file.id.to_string());
            let form = format!("/c/{}/form/", door.mint_brief(&state));
            ("POST", state.public_url.at(&form), BTreeMap::new())
        }
    };
    Ok(Json(UppyParamsBody { method, url, headers, fields, expires }))
}
