//! `GET /metrics`

use axum::extract::State;
use http::HeaderName;
use http::header::CONTENT_TYPE;

use crate::http::HttpState;

/// Prometheus' text format, version 0.0.4.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics, in Prometheus' text format
#[utoipa::path(
    get, path = "/metrics", tag = "operations", security(()),
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain")),
)]
pub(super) async fn prometheus_metrics(State(state): State<HttpState>) -> ([(HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE, EXPOSITION)], state.parts.metrics.render())
}
