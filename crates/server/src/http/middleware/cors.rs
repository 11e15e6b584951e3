//! Lets web pages of the configured origins call the API (the Fetch standard, CORS protocol).
//!
//! *Rule*: only origins that are listed, never `*`, because a listed page may also send the session's cookie. Everything
//! a page needs to read is exposed; what it may send is named.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::admit::{RATE_LIMIT, RATE_LIMIT_POLICY};
use super::request_id::X_REQUEST_ID;
use crate::http::uppy::TOKEN_HEADER;

/// How long a browser may remember a preflight; Chromium keeps none for longer than two hours.
const MAX_AGE: Duration = Duration::from_hours(2);
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// What Uppy sends to a Companion: its version and its parameters, which say nothing to us but must be let through.
const UPPY_VERSIONS: HeaderName = HeaderName::from_static("uppy-versions");
const UPPY_PARAMS: HeaderName = HeaderName::from_static("uppy-credentials-params");

/// The layer for these origins, each as browsers send it; other pages are told nothing. The configuration has checked
/// that each is an origin, hence a header's value; one that is none would match nothing.
pub(in crate::http) fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            IDEMPOTENCY_KEY,
            LAST_EVENT_ID,
            X_REQUEST_ID,
            TOKEN_HEADER,
            UPPY_VERSIONS,
            UPPY_PARAMS,
        ])
        .expose_headers([ETAG, LOCATION, RETRY_AFTER, RATE_LIMIT, RATE_LIMIT_POLICY, X_REQUEST_ID])
        .max_age(MAX_AGE)
}
