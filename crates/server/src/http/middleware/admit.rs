//! Who is calling, and whether not too often.
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

use super::origin::{Page, page};
use crate::auth::{AuthError, Identity};
use crate::http::problem::{self, Denial};
use crate::http::{HttpState, sessions, uppy};
use crate::limits::Standing;

/// The names of draft-ietf-httpapi-ratelimit-headers.
pub(super) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(super) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// See the module.
pub(in crate::http) async fn admit(State(state): State<HttpState>, mut request: Request, next: Next) -> Response {
    match identify(&state, request.method(), request.headers()) {
        Ok(identity) => {
            let owner = identity.owner.clone();
            request.extensions_mut().insert(identity);
            admit_owner(&state, &owner, request, next).await
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
    admit_owner(&state, &owner, request, next).await
}

/// Lets a known caller in if its owner does not call too often.
async fn admit_owner(state: &HttpState, owner: &OwnerId, request: Request, next: Next) -> Response {
    tracing::Span::current().record("owner", state.log_name(owner));
    let standing = standing(state, owner).await;
    let mut response = match standing.as_ref().map(|standing| standing.admission) {
        Some(Admission::Refused(wait)) => problem::rate_limited(wait).into_response(),
        Some(Admission::Admitted) | None => next.run(request).await,
    };
    if let Some(standing) = standing {
        tell(&standing, response.headers_mut());
    }
    response
}

fn identify(state: &HttpState, method: &Method, headers: &HeaderMap) -> Result<Identity, Denial> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let header = match (values.next(), values.next()) {
        (None, _) => match sessions::find_cookie(headers) {
            Some(cookie) => return by_session(state, method, headers, cookie),
            None => None,
        },
        (Some(value), None) => Some(value.to_str().map_err(|_| problem::unauthenticated(AuthError::NotBearer))?),
        (Some(_), Some(_)) => return Err(problem::unauthenticated(AuthError::NotBearer)),
    };
    state.parts.authenticator.authenticate(header, state.parts.clock.now()).map_err(problem::unauthenticated)
}

fn by_session(state: &HttpState, method: &Method, headers: &HeaderMap, cookie: &str) -> Result<Identity, Denial> {
    let identity = state.sessions.verify(cookie, state.parts.clock.now()).map_err(problem::unauthenticated)?;
    if !method.is_safe() && page(state, headers) != Page::Known {
        return Err(problem::origin_not_allowed());
    }
    Ok(identity)
}

/// Where the owner stands; nothing if the limiter cannot tell. A limiter that is down must not take the API with it:
/// what it protects against is one owner's haste, while the catalog's allowances still hold.
async fn standing(state: &HttpState, owner: &OwnerId) -> Option<Standing> {
    match state.parts.limits.admit(owner).await {
        Ok(standing) => Some(standing),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "no rate limit for this request");
            None
        }
    }
}

/// `q` requests each `w` seconds; `r` left now, all of them again in `t` seconds.
fn tell(standing: &Standing, headers: &mut HeaderMap) {
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
