//! Which page is behind a request.
//!
//! *Rule*: what a browser sends by itself, the cookie, changes something only for a page that may: of this server, or of
//! an origin that is configured. SameSite keeps other sites away already; this also keeps away other ports of this host
//! and other hosts of this domain, which are the same site to a browser.

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use crate::http::HttpState;
use crate::http::problem::{self, Denial};

/// The page, as its browser names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// Nobody said: no browser, or a mere visit.
    Unnamed,
    /// This server's own, or of a configured origin.
    Known,
    /// Of another origin.
    Foreign,
}

/// Judges the `Origin` of a request.
pub(super) fn page(state: &HttpState, headers: &HeaderMap) -> Page {
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else { return Page::Unnamed };
    let listed = || state.parts.origins.iter().any(|listed| listed.as_bytes() == origin.as_bytes());
    let known = origins.next().is_none() && (is_own(state, origin, headers) || listed());
    if known { Page::Known } else { Page::Foreign }
}

/// The public URL's origin, or the very host that was asked: a session's cookie belongs to that host alone, so no other
/// name can lead to it.
fn is_own(state: &HttpState, origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let asked = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    origin == state.public_url.origin()
        || host.is_some_and(|host| asked.is_some_and(|asked| asked.eq_ignore_ascii_case(host)))
}

/// For the doors that pages come through: a page of a foreign origin gets nothing done, whatever it sends. CORS would only
/// hide the answer from it: a capability is in the path, and a GET with a cookie needs no preflight.
pub(in crate::http) async fn refuse_foreign_pages(
    State(state): State<HttpState>,
    request: Request,
    next: Next,
) -> Response {
    match page(&state, request.headers()) {
        Page::Unnamed | Page::Known => next.run(request).await,
        Page::Foreign => problem::page_not_allowed().into_response(),
    }
}

/// For calls that set or clear the cookie and need none: no page of a foreign origin.
pub(in crate::http) struct KnownOrigin;

impl FromRequestParts<HttpState> for KnownOrigin {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Denial> {
        match page(state, &parts.headers) {
            Page::Unnamed | Page::Known => Ok(Self),
            Page::Foreign => Err(problem::origin_not_allowed()),
        }
    }
}
