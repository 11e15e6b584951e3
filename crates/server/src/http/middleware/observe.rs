//! The outermost layer: names the request, measures it, logs it, and finishes its answer.
//!
//! *Invariant*: the log has the route's template and never the path's query, so no signature, token or search text is
//! in it; the owner is named as the bucket names it.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tracing::{Instrument, field};

use super::request_id::{X_REQUEST_ID, request_id};
use crate::clock::Stopwatch;
use crate::http::problem::{self, Denial};
use crate::http::shown_path::shown_path;
use crate::http::{HttpState, uppy};
use crate::telemetry;

/// The route of requests that match none. One label, whatever people ask for.
const UNMATCHED: &str = "unmatched";

/// Which operation is running; read by [`super::protect`].
#[derive(Clone)]
pub(super) struct Operation(pub(super) Arc<str>);

/// See the module.
pub(in crate::http) async fn observe(State(state): State<HttpState>, mut request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let id = request_id(request.headers(), &*state.parts.entropy);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| Arc::<str>::from(path.as_str()));
    let route = route.unwrap_or_else(|| Arc::from(UNMATCHED));
    let operation = state.operations.find(&method, &route).unwrap_or_else(|| Arc::from(UNMATCHED));
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!(
        "request",
        otel.name = &*operation,
        operation = &*operation,
        method = label(&method),
        route = &*route,
        request_id = id,
        owner = field::Empty,
    );
    request.extensions_mut().insert(Operation(operation.clone()));
    let mut response = next.run(request).instrument(span.clone()).await;

    let code = response.extensions().get::<Denial>().map(|denial| denial.code().as_str());
    response = problem::write_document(response, &shown_path(&path), &id, uppy::dialect(&path));
    finish_headers(response.headers_mut(), &path, &id);
    let status = response.status().as_u16();
    let seconds = watch.elapsed_seconds();
    telemetry::http_request(&operation, label(&method), &route, status, seconds);
    span.in_scope(|| match status {
        500.. => tracing::error!(status, code, seconds, "answered"),
        _ if is_api(&path) => tracing::info!(status, code, seconds, "answered"),
        _ => tracing::debug!(status, code, seconds, "answered"),
    });
    response
}

/// Whether a path is one that callers are known for.
fn is_api(path: &str) -> bool {
    path.starts_with("/v1/") || uppy::dialect(path) != uppy::Dialect::Problem
}

/// Methods as labels: only those HTTP defines, so that nobody can make a new time series by inventing one.
fn label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}

/// Headers of every answer. Pages set their own policy before; nothing else of ours is for browsers to render.
fn finish_headers(headers: &mut HeaderMap, path: &str, id: &str) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(REFERRER_POLICY, "no-referrer");
    set(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    if is_api(path) {
        set(CACHE_CONTROL, "no-store");
    }
    headers.insert(X_REQUEST_ID, HeaderValue::from_str(id).expect("request ids are ASCII"));
}
