//! `GET /openapi.json`

use axum::extract::State;
use bytes::Bytes;
use http::HeaderName;
use http::header::CONTENT_TYPE;

use crate::http::HttpState;

/// This document
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Object)),
)]
pub(super) async fn openapi_json(State(state): State<HttpState>) -> ([(HeaderName, &'static str); 1], Bytes) {
    ([(CONTENT_TYPE, "application/json")], state.document.clone())
}
