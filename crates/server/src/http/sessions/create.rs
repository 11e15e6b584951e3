//! `POST /v1/session`

use axum::Json;
use axum::extract::State;
use connections::Peer;
use domain::rate::Admission;
use http::header::SET_COOKIE;
use http::{HeaderName, HeaderValue};
use wire::{ErrorCode, SessionBody, SessionRequest};

use super::{body, cookie};
use crate::auth::{AuthError, LoginError};
use crate::http::HttpState;
use crate::http::input::{BriefJson, NoQuery};
use crate::http::middleware::{KnownOrigin, PeerOf, standing};
use crate::http::openapi::{WITH_BODY, problems};
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    SessionProblems: WITH_BODY, [ErrorCode::Forbidden]
);

/// Sign in
///
/// Begins a session of up to 12 hours, kept in a cookie that scripts cannot read. A login link's code works once; a token
/// works as often as it is valid, and the session ends no later than it. Every call under `/v1` then takes the cookie in
/// the place of a token; those that change something also need an `Origin` of this server or of `[web] origins`.
#[utoipa::path(
    post, path = "/v1/session", tag = "sessions", security(()),
    request_body(content = SessionRequest, example = json!({"code": "mfrggzdfmztwq2lkmfrggzdfmztwq2lk"})),
    responses(
        (status = 200, description = "Signed in", body = SessionBody,
            headers(("Set-Cookie" = String, description = "`landfall_session`"))),
        SessionProblems,
    ),
)]
pub(super) async fn create_session(
    State(state): State<HttpState>,
    KnownOrigin: KnownOrigin,
    PeerOf(peer): PeerOf,
    NoQuery: NoQuery,
    BriefJson(request): BriefJson<SessionRequest>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<SessionBody>), Denial> {
    let now = state.parts.clock.now();
    let known = match (request.code, request.token) {
        (Some(code), None) => {
            let logins = state.parts.logins.as_ref().ok_or_else(problem::login_elsewhere)?;
            match logins.take(&code, now) {
                Ok(known) => known,
                Err(wrong) => return Err(wrong_code(&state, peer, wrong).await),
            }
        }
        (None, Some(token)) => state.parts.authenticator.verify(&token, now).map_err(problem::unauthenticated)?,
        (Some(_), Some(_)) => return Err(Denial::field("token", "is given beside a code; send one of them")),
        (None, None) => return Err(Denial::field("code", "is required, or a token in its place")),
    };
    let (value, identity) = state.sessions.begin(known, now);
    let seconds = u64::try_from(identity.expires_at.as_second() - now.as_second()).unwrap_or(0);
    // A token in its last second, or kept alive by leeway alone.
    if seconds == 0 {
        return Err(problem::unauthenticated(AuthError::Expired));
    }
    Ok(([(SET_COOKIE, cookie::set(&state, &value, seconds))], Json(body(&identity))))
}

/// Counts a wrong code for its peer. The right one was looked for first: nobody's wrong codes keep it out.
async fn wrong_code(state: &HttpState, peer: Peer, wrong: LoginError) -> Denial {
    let standing = standing(&*state.parts.guess_limits, &peer.to_string(), 1).await;
    match standing.map(|standing| standing.admission) {
        Some(Admission::Refused(wait)) => problem::login(LoginError::TooOften(wait)),
        Some(Admission::Admitted) | None => problem::login(wrong),
    }
}
