//! `GET /v1/usage`

use axum::Json;
use axum::extract::State;
use wire::{AllowedBody, UsageBody};

use crate::http::HttpState;
use crate::http::input::NoQuery;
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    UsageProblems: []
);

/// Show what you have
///
/// Bytes of published files, bytes and number of unfinished uploads, and what the last two may come to.
#[utoipa::path(
    get, path = "/v1/usage", tag = "assets",
    responses((status = 200, description = "What the caller has, and may have", body = UsageBody), UsageProblems),
)]
pub(super) async fn find_usage(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    NoQuery: NoQuery,
) -> Result<Json<UsageBody>, Denial> {
    let usage = state.app().usage(&identity.owner).await.map_err(|error| problem::list(&error))?;
    let allowance = state.app().settings().allowance;
    Ok(Json(UsageBody {
        stored_bytes: usage.stored_bytes.get(),
        reserved_bytes: usage.reserved_bytes.get(),
        open_uploads: usage.open_uploads,
        allowed: AllowedBody {
            reserved_bytes: allowance.reserved_bytes.get(),
            open_uploads: u64::from(allowance.open_uploads),
        },
    }))
}
