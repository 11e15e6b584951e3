//! `POST /v1/{collection}/capabilities`

use axum::Json;
use axum::extract::State;
use domain::{ByteCount, TimeSpan, Timestamp};
use http::StatusCode;
use wire::{CapabilityBody, CapabilityRequest};

use crate::auth::{Capability, LONGEST_CAPABILITY, SHORTEST_CAPABILITY};
use crate::http::HttpState;
use crate::http::input::{CollectionParams, CollectionPath, NoQuery, OptionalJsonBody};
use crate::http::middleware::Caller;
use crate::http::openapi::{WITH_BODY, problems};
use crate::http::problem::Denial;

/// When nobody says how long: an upload that began in the evening can be resumed in the morning.
const USUAL: TimeSpan = TimeSpan::from_hours(24);

problems!(
    /// What can go wrong.
    CapabilityProblems: WITH_BODY
);

/// Make an address to upload to
///
/// For pages whose uploader can send no header, such as Uppy 6: put `endpoint` into the page. Whoever has it can upload
/// into this collection as the calling owner, and go on with that owner's uploads there, until it ends; it cannot be
/// taken back. It reads nothing that is published.
#[utoipa::path(
    post, path = "/v1/{collection}/capabilities", tag = "uppy",
    params(CollectionParams),
    request_body(content = Option<CapabilityRequest>, example = json!({"ttl": 86_400, "max_size": 2_000_000_000})),
    responses((status = 201, description = "The address", body = CapabilityBody), CapabilityProblems),
)]
pub(super) async fn create_capability(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    CollectionPath { of }: CollectionPath,
    NoQuery: NoQuery,
    OptionalJsonBody(request): OptionalJsonBody<CapabilityRequest>,
) -> Result<(StatusCode, Json<CapabilityBody>), Denial> {
    let life = match request.ttl {
        None => Some(USUAL),
        Some(seconds) => i64::try_from(seconds).ok().map(TimeSpan::from_secs),
    };
    let Some(life) = life.filter(|life| (SHORTEST_CAPABILITY..=LONGEST_CAPABILITY).contains(life)) else {
        let [shortest, longest] = [SHORTEST_CAPABILITY, LONGEST_CAPABILITY].map(|life| life.as_secs());
        return Err(Denial::field("ttl", format!("must be {shortest} to {longest} seconds")));
    };
    if request.max_size == Some(0) {
        return Err(Denial::field("max_size", "must be at least 1: an empty file cannot be uploaded"));
    }
    let ends_at = state.parts.clock.now() + life;
    let capability = Capability {
        owner: identity.owner,
        collections: vec![of.name.clone()],
        max_size: request.max_size.map(ByteCount),
        // What the token says: whole seconds.
        ends_at: Timestamp::from_second(ends_at.as_second()).expect("a time without its fraction is a time"),
    };
    let token = state.parts.authenticator.mint_capability(&capability);
    Ok((
        StatusCode::CREATED,
        Json(CapabilityBody {
            endpoint: state.public_url.at(&format!("/c/{token}")),
            token,
            collections: vec![of.name.to_string()],
            max_size: request.max_size,
            expires_at: capability.ends_at,
        }),
    ))
}
