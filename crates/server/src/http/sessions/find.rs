//! `GET /v1/session`

use axum::Json;
use wire::SessionBody;

use super::body;
use crate::http::input::NoQuery;
use crate::http::middleware::Caller;
use crate::http::openapi::problems;

problems!(
    /// What can go wrong.
    WhoProblems: []
);

/// Who am I?
///
/// Says it of tokens as well.
#[utoipa::path(
    get, path = "/v1/session", tag = "sessions",
    responses((status = 200, description = "Who is calling", body = SessionBody), WhoProblems),
)]
pub(super) async fn find_session(Caller(identity): Caller, NoQuery: NoQuery) -> Json<SessionBody> {
    Json(body(&identity))
}
