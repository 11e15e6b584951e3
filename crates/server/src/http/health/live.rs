//! `GET /healthz`

use axum::Json;
use serde_json::{Value, json};

/// Whether the process answers
///
/// Nothing else is looked at: restarting the process repairs neither catalog nor store.
#[utoipa::path(
    get, path = "/healthz", tag = "operations", security(()),
    responses((status = 200, description = "It does", body = Object, example = json!({"status": "ok"}))),
)]
pub(super) async fn healthz() -> Json<Value> {
    Json(json!({"status": "ok"}))
}
