//! `POST /v1/{collection}/{id}/grants`

use axum::Json;
use axum::extract::State;
use domain::{Asset, Collection, Necessity, RoleName, TimeSpan};
use http::StatusCode;
use wire::{ErrorCode, GrantBody, GrantRequest};

use crate::app::{FindError, ReadError};
use crate::auth::WatchGrant;
use crate::http::HttpState;
use crate::http::input::{AssetParams, AssetPath, NoQuery, OptionalJsonBody};
use crate::http::middleware::Caller;
use crate::http::openapi::{WITH_BODY, problems};
use crate::http::problem::{self, Denial};

/// Shortest grant: less could end before somebody has opened the link.
const SHORTEST_SECONDS: u64 = 60;
/// Longest grant: it cannot be taken back but by deleting the asset.
const LONGEST_SECONDS: u64 = 30 * 24 * 3600;
/// When nobody says how long: a link sent today works tomorrow morning.
const USUAL_SECONDS: u64 = 24 * 3600;

problems!(
    /// What can go wrong.
    GrantProblems: WITH_BODY, [ErrorCode::NotCreated, ErrorCode::Gone]
);

/// Let others watch
///
/// Gives a link that anybody who has it can open, without a token, until it ends or the asset is gone. It cannot be
/// taken back otherwise.
#[utoipa::path(
    post, path = "/v1/{collection}/{id}/grants", tag = "files",
    params(AssetParams),
    request_body(content = Option<GrantRequest>, example = json!({"ttl": 86_400})),
    responses((status = 201, description = "The link", body = GrantBody), GrantProblems),
)]
pub(super) async fn create_grant(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    AssetPath { of, id }: AssetPath,
    NoQuery: NoQuery,
    OptionalJsonBody(request): OptionalJsonBody<GrantRequest>,
) -> Result<(StatusCode, Json<GrantBody>), Denial> {
    let seconds = request.ttl.unwrap_or(USUAL_SECONDS);
    if !(SHORTEST_SECONDS..=LONGEST_SECONDS).contains(&seconds) {
        let detail = format!("must be {SHORTEST_SECONDS} to {LONGEST_SECONDS} seconds");
        return Err(Denial::field("ttl", detail));
    }
    let asset = state.app().find_asset(&identity.owner, &of, id).await;
    let asset = asset.map_err(|error: FindError| problem::find(&error))?;
    let role = main_role(&asset, &of).ok_or_else(|| {
        let role = of.roles.keys().next().expect("a collection has a role");
        problem::read(&ReadError::NotCreated, role)
    })?;
    let life = TimeSpan::from_secs(i64::try_from(seconds).expect("30 days of seconds fit"));
    let grant = WatchGrant { asset: id, shard: Some(asset.shard()), ends_at: state.parts.clock.now() + life };
    let token = state.parts.authenticator.mint_watch_grant(&grant);
    let url = state.public_url.at(&format!("/w/{token}/{role}"));
    Ok((StatusCode::CREATED, Json(GrantBody { token, url, expires_at: grant.ends_at })))
}

/// The published file that a link shows: the one its collection requires, or the first there is.
fn main_role<'a>(asset: &'a Asset, of: &Collection) -> Option<&'a RoleName> {
    let mut published = asset.places.iter().filter(|(_, place)| place.published.is_some()).map(|(role, _)| role);
    let required = |role: &&RoleName| of.roles.get(*role).is_some_and(|rules| rules.necessity == Necessity::Required);
    published.clone().find(required).or_else(|| published.next())
}
