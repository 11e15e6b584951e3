//! `POST /s3/sign`

use axum::Json;
use axum::extract::State;
use url::Url;
use wire::{ErrorCode, UppySignBody, UppySignRequest};

use super::begin::{BEGINNING, begin};
use super::door::Door;
use super::upload::{Query, Upload, part_number};
use super::wanted::Wanted;
use crate::app::Finisher;
use crate::http::HttpState;
use crate::http::input::AnyJson;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

/// Characters of a UUID, which Uppy puts before a file's name to make a key.
const UUID_CHARS: usize = 36;

problems!(
    /// What can go wrong.
    SignProblems: BEGINNING, [ErrorCode::InvalidJson, ErrorCode::BodyTooLarge, ErrorCode::Unsupported, ErrorCode::UploadRejected, ErrorCode::UploadExpired]
);

/// Sign one request of an upload
///
/// For `signRequest` of Uppy 6. A URL of the store is given for a part, and for a file that is sent as a whole, which is
/// a part as well. To begin, list, complete and give up an upload, the URL leads to this server, which answers as S3
/// does. `metadata[...]` in the query says where a new file belongs.
#[utoipa::path(
    post, path = "/s3/sign", tag = "uppy",
    params(("metadata[collection]" = Option<String>, Query,
        description = "The collection of a new file; likewise `asset_id`, `role`, `title`, `description`")),
    request_body(content = UppySignRequest, example = json!({
        "method": "PUT", "key": "휴가 🎬.mp4", "uploadId": "fil_06j2m0vq4k7dr9e5h1c8t3b6n0", "partNumber": 1
    })),
    responses((status = 200, description = "Where to send it", body = UppySignBody), SignProblems),
)]
pub(super) async fn uppy_sign(
    State(state): State<HttpState>,
    door: Door,
    query: Query,
    AnyJson(request): AnyJson<UppySignRequest>,
) -> Result<Json<UppySignBody>, Denial> {
    let key = request.key.unwrap_or_default();
    if key.trim().is_empty() {
        return Err(Denial::field("key", "is required, and must not be empty"));
    }
    let upload_id = request.upload_id.filter(|id| !id.is_empty());
    match (request.method.as_str(), upload_id, request.number) {
        ("PUT", None, None) => {
            let wanted =
                Wanted::parse(Some(bare_name(&key)), request.content_type.as_deref(), query.members("metadata"))?;
            let begun = begin(&state, &door, wanted, Finisher::Arrival).await?;
            let part = begun.parts.into_iter().next().ok_or_else(problem::uppy::upload_over)?;
            Ok(Json(UppySignBody { url: part.url.into_exposed(), key: begun.upload.asset.to_string() }))
        }
        ("PUT", Some(id), Some(number)) => {
            let number = part_number("partNumber", &number.to_string())?;
            let upload = Upload::find(&state, &door, &id, Some(&key)).await?;
            let signed = upload.grant(&state, &door, &[number]).await?;
            let part = signed.into_iter().next().ok_or_else(problem::uppy::upload_over)?;
            Ok(Json(UppySignBody { url: part.url.into_exposed(), key }))
        }
        ("POST", None, None) => {
            let metadata = query.members("metadata").into_iter();
            let metadata = metadata.map(|(name, value)| (format!("metadata[{name}]"), value));
            let url = address(&state, &door, None, metadata.chain([("key".to_owned(), key.clone())]))?;
            Ok(Json(UppySignBody { url, key }))
        }
        ("POST" | "GET" | "DELETE", Some(id), None) => {
            let upload = Upload::find(&state, &door, &id, Some(&key)).await?;
            let id = upload.file.id.to_string();
            let url = address(&state, &door, Some(&id), [("key".to_owned(), key.clone())])?;
            Ok(Json(UppySignBody { url, key }))
        }
        _ => Err(problem::uppy::never_signed()),
    }
}

/// What is left of a key that Uppy makes of a UUID and a name.
pub(super) fn bare_name(key: &str) -> &str {
    let (Some(uuid), Some(rest)) = (key.get(..UUID_CHARS), key.get(UUID_CHARS..)) else { return key };
    let is_uuid = uuid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    rest.strip_prefix('-').filter(|name| is_uuid && !name.is_empty()).unwrap_or(key)
}

/// An address of this server for one request. It carries a capability that ends soon.
fn address(
    state: &HttpState,
    door: &Door,
    upload_id: Option<&str>,
    query: impl IntoIterator<Item = (String, String)>,
) -> Result<String, Denial> {
    let token = door.mint_brief(state);
    let id = upload_id.map(|id| format!("/{id}")).unwrap_or_default();
    let mut url = Url::parse(&state.public_url.at(&format!("/c/{token}/s3/xml/uploads{id}"))).map_err(|error| {
        tracing::error!(%error, "the public URL is none");
        problem::internal()
    })?;
    url.query_pairs_mut().extend_pairs(query);
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::bare_name;

    #[test]
    fn a_uuid_before_a_name_is_left_out() {
        for (key, name) in [
            ("123e4567-e89b-42d3-a456-426614174000-휴가.mp4", "휴가.mp4"),
            ("123e4567-e89b-42d3-a456-426614174000-", "123e4567-e89b-42d3-a456-426614174000-"),
            ("휴가.mp4", "휴가.mp4"),
            ("휴가휴가휴가휴가휴가휴가휴가휴가휴가.mp4", "휴가휴가휴가휴가휴가휴가휴가휴가휴가.mp4"),
            ("", ""),
        ] {
            assert_eq!(bare_name(key), name);
        }
    }
}
