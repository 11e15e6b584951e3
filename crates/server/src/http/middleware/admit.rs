//! Who is calling, whether not too often, and whether there is room.
//!
//! *Rule*: a token counts more than a cookie, because a browser sends the cookie by itself; whatever changes something by
//! the cookie comes from a page that may ([`super::origin`]).

use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::OwnerId;
use domain::rate::Admission;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body::Body as _;

use super::observe::Operation;
use super::origin::{Page, page};
use super::peer;
use crate::auth::{AuthError, Identity};
use crate::http::admission::{Full, Holder, Holders, Needs};
use crate::http::bounds::{BODY_BYTES_PER_REQUEST, COMPLETE_BODY_LIMIT};
use crate::http::problem::{self, Denial};
use crate::http::{HttpState, sessions, uppy};
use crate::limits::{Limits, RateLimitStanding};

/// The names of draft-ietf-httpapi-ratelimit-headers.
pub(super) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(super) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// See the module.
pub(in crate::http) async fn admit(State(state): State<HttpState>, mut request: Request, next: Next) -> Response {
    match identify(&state, request.method(), request.headers()) {
        Ok((identity, credential)) => {
            let owner = identity.owner.clone();
            request.extensions_mut().insert(identity);
            request.extensions_mut().insert(credential);
            let holders = Holders(vec![Holder::Owner(owner.clone())]);
            admit_owner(&state, &owner, holders, request, next).await
        }
        Err(denial) => denial.into_response(),
    }
}

/// Uppy sends a token under a name of its own, and it counts where there is no other.
pub(in crate::http) async fn admit_by_uppy(mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    if let Some(token) = headers.remove(uppy::TOKEN_HEADER)
        && !headers.contains_key(AUTHORIZATION)
    {
        let bearer = HeaderValue::from_bytes(&[b"Bearer ", token.as_bytes()].concat());
        if let Ok(mut bearer) = bearer {
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
    }
    next.run(request).await
}

/// Who is calling is said by the capability in the path.
pub(in crate::http) async fn admit_by_capability(
    State(state): State<HttpState>,
    path: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    let token = path.iter().find(|(name, _)| *name == "token").map(|(_, token)| token.to_owned()).unwrap_or_default();
    let capability = match state.parts.authenticator.verify_capability(&token, state.parts.clock.now()) {
        Ok(capability) => capability,
        Err(error) => return problem::uppy::capability(error).into_response(),
    };
    let owner = capability.owner.clone();
    request.extensions_mut().insert(uppy::Opened { capability });
    let peer = Holder::Peer(peer::of(request.extensions()));
    let holders = Holders(vec![peer, Holder::of_capability(&token), Holder::CapabilitiesOf(owner.clone())]);
    admit_owner(&state, &owner, holders, request, next).await
}

/// Nobody in particular follows a link: the peer is counted.
pub(in crate::http) async fn admit_by_link(State(state): State<HttpState>, request: Request, next: Next) -> Response {
    let peer = peer::of(request.extensions());
    let standing = standing(&*state.parts.peer_limits, &peer.to_string(), cost(&request)).await;
    match standing.map(|standing| standing.admission) {
        Some(Admission::Refused(wait)) => problem::peer_rate_limited(wait).into_response(),
        Some(Admission::Admitted) | None => enter(&state, Holders(vec![Holder::Peer(peer)]), request, next).await,
    }
}

/// Somebody wants to be known. How often one may be wrong is for [`sessions`] to say: whoever is right is not refused
/// because others at the same address are not.
pub(in crate::http) async fn admit_stranger(State(state): State<HttpState>, request: Request, next: Next) -> Response {
    let peer = peer::of(request.extensions());
    enter(&state, Holders(vec![Holder::Peer(peer)]), request, next).await
}

/// Lets a known caller in if its owner does not call too often.
async fn admit_owner(state: &HttpState, owner: &OwnerId, holders: Holders, request: Request, next: Next) -> Response {
    tracing::Span::current().record("owner", state.log_name(owner));
    let standing = standing(&*state.parts.limits, owner.as_str(), cost(&request)).await;
    let mut response = match standing.as_ref().map(|standing| standing.admission) {
        Some(Admission::Refused(wait)) => problem::rate_limited(wait).into_response(),
        Some(Admission::Admitted) | None => enter(state, holders, request, next).await,
    };
    if let Some(standing) = standing {
        tell(&standing, response.headers_mut());
    }
    response
}

/// Lets a request in if there is room for it: at once or not at all, so that nobody waits in a queue that only grows.
async fn enter(state: &HttpState, holders: Holders, mut request: Request, next: Next) -> Response {
    let operation = request.extensions().get::<Operation>();
    let needs = match operation.is_some_and(|Operation(name)| CATALOG_ONLY.contains(&&**name)) {
        true => Needs::Catalog,
        false => Needs::Store,
    };
    match state.admission.admit(&holders, needs) {
        Ok(admitted) => {
            request.extensions_mut().insert(holders);
            let response = next.run(request).await;
            drop(admitted);
            response
        }
        Err(Full::Holder) => problem::too_many_at_once().into_response(),
        Err(Full::All) => problem::overloaded().into_response(),
    }
}

/// What never waits for the store.
const CATALOG_ONLY: [&str; 20] = [
    "create_capability",
    "create_grant",
    "create_login_link",
    "create_session",
    "delete_session",
    "file_url",
    "find_any_asset",
    "find_asset",
    "find_session",
    "find_usage",
    "follow_events",
    "follow_grant",
    "list_assets",
    "list_collections",
    "overview",
    "patch_asset",
    "redirect_to_file",
    "show_grant",
    "survey_assets",
    "uppy_sts",
];

/// What a request counts as: one, and one more for each 64 KiB of its body. A body of unknown size counts as the largest.
fn cost(request: &Request) -> u32 {
    let largest = COMPLETE_BODY_LIMIT.get();
    let bytes = request.body().size_hint().exact().unwrap_or(largest).min(largest);
    let more = bytes / BODY_BYTES_PER_REQUEST.get();
    u32::try_from(more).unwrap_or(u32::MAX).saturating_add(1)
}

/// Counts what a request of this owner asks for besides itself, before it is done.
pub(in crate::http) async fn charge(state: &HttpState, owner: &OwnerId, cost: u32) -> Result<(), Denial> {
    if cost == 0 {
        return Ok(());
    }
    match standing(&*state.parts.limits, owner.as_str(), cost).await.map(|standing| standing.admission) {
        Some(Admission::Refused(wait)) => Err(problem::rate_limited(wait)),
        Some(Admission::Admitted) | None => Ok(()),
    }
}

/// What a caller is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Credential {
    /// A token, which only a program sends.
    Token,
    /// The session's cookie, which a browser sends by itself.
    Cookie,
}

fn identify(state: &HttpState, method: &Method, headers: &HeaderMap) -> Result<(Identity, Credential), Denial> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let header = match (values.next(), values.next()) {
        (None, _) => match sessions::find_cookie(headers) {
            Some(cookie) => {
                return by_session(state, method, headers, cookie).map(|identity| (identity, Credential::Cookie));
            }
            None => None,
        },
        (Some(value), None) => Some(value.to_str().map_err(|_| problem::unauthenticated(AuthError::NotBearer))?),
        (Some(_), Some(_)) => return Err(problem::unauthenticated(AuthError::NotBearer)),
    };
    let identity = state.parts.authenticator.authenticate(header, state.parts.clock.now());
    identity.map(|identity| (identity, Credential::Token)).map_err(problem::unauthenticated)
}

fn by_session(state: &HttpState, method: &Method, headers: &HeaderMap, cookie: &str) -> Result<Identity, Denial> {
    let identity = state.sessions.verify(cookie, state.parts.clock.now()).map_err(problem::unauthenticated)?;
    if !method.is_safe() && page(state, headers) != Page::Known {
        return Err(problem::origin_not_allowed());
    }
    Ok(identity)
}

/// Where somebody stands; nothing if the limiter cannot tell. A limiter that is down must not take the API with it: what
/// it protects against is one owner's haste, while the catalog's allowances still hold.
pub(in crate::http) async fn standing(limits: &dyn Limits, name: &str, cost: u32) -> Option<RateLimitStanding> {
    match limits.admit(name, cost).await {
        Ok(standing) => Some(standing),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "no rate limit for this request");
            None
        }
    }
}

/// `q` requests each `w` seconds; `r` left now, all of them again in `t` seconds.
fn tell(standing: &RateLimitStanding, headers: &mut HeaderMap) {
    let rate = standing.rate;
    let policy = format!("\"owner\";q={};w={}", rate.burst(), problem::whole_seconds_up(rate.window()));
    let left = format!("\"owner\";r={};t={}", standing.remaining, problem::whole_seconds_up(standing.reset_after));
    for (name, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)] {
        headers.insert(name, HeaderValue::from_str(&value).expect("numbers are ASCII"));
    }
}

/// Who is calling, for handlers.
pub(in crate::http) struct Caller(pub(in crate::http) Identity);

impl FromRequestParts<HttpState> for Caller {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _state: &HttpState) -> Result<Self, Denial> {
        let identity = parts.extensions.get::<Identity>().cloned();
        Ok(Self(identity.expect("operations that ask who is calling are behind `admit`")))
    }
}
