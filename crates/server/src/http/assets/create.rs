//! `POST /v1/{collection}`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use wire::{AssetBody, CreateRequest, ErrorCode};

use super::asset_body;
use crate::http::HttpState;
use crate::http::input::{CollectionParams, CollectionPath, IdempotencyHeader, JsonBody, NoQuery, new_upload};
use crate::http::middleware::Caller;
use crate::http::openapi::{WITH_BODY, problems};
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    CreateProblems: WITH_BODY, [
        ErrorCode::UnknownRole,
        ErrorCode::MissingRole,
        ErrorCode::IdempotencyKeyReused,
        ErrorCode::IdempotencyKeyInProgress,
        ErrorCode::Gone,
        ErrorCode::TooManyOpenUploads,
        ErrorCode::TooManyReservedBytes,
        ErrorCode::StoreUnavailable,
        ErrorCode::Conflict,
    ]
);

/// Create an asset and get permission to upload its files
///
/// The asset is `UPLOADING` until every announced file has arrived and is verified. Each file comes with the URLs of
/// its first 100 parts; ask `part-urls` for more. With an `Idempotency-Key`, a repetition answers the same asset with
/// fresh URLs instead of creating another; keys are kept for 7 days.
#[utoipa::path(
    post, path = "/v1/{collection}", tag = "assets",
    params(
        CollectionParams,
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters", max_length = 255),
    ),
    request_body(content = CreateRequest, example = json!({
        "title": "Sunrise over Seongsan",
        "files": {
            "video": {"file_name": "sunrise.mp4", "size": 500_000_000, "content_type": "video/mp4"},
            "thumbnail": {"file_name": "sunrise.jpg", "size": 81_234, "content_type": "image/jpeg"}
        }
    })),
    responses(
        (status = 201, description = "Created, or created before with the same Idempotency-Key", body = AssetBody,
            headers(("Location" = String, description = "The asset's path"))),
        CreateProblems,
    ),
)]
pub(super) async fn create_asset(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    CollectionPath { of }: CollectionPath,
    NoQuery: NoQuery,
    IdempotencyHeader(key): IdempotencyHeader,
    JsonBody(request): JsonBody<CreateRequest>,
) -> Result<Response, Denial> {
    let mut upload = new_upload(request, &of)?;
    if let Some(key) = key {
        upload.bind(key);
    }
    let opened = state.app().create_asset(&identity.owner, &of, upload).await;
    let opened = opened.map_err(|error| problem::create(&error))?;
    let location = state.public_url.path_at(&format!("/v1/{}/{}", of.name, opened.asset.id));
    let body = asset_body(state.app(), &opened.asset, opened.grants)?;
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(body)).into_response())
}
