//! `POST /v1/admin/jobs/reap`

use axum::Json;
use axum::extract::State;
use wire::{ErrorCode, ReapBody, ReapRequest};

use crate::app::Rehearsal;
use crate::auth::Scope;
use crate::http::input::{NoQuery, OptionalJsonBody};
use crate::http::middleware::Caller;
use crate::http::openapi::{WITH_BODY, problems};
use crate::http::problem::{self, Denial};
use crate::http::{HttpState, ReapClock};
use crate::jobs;

problems!(
    /// What can go wrong.
    ReapProblems: WITH_BODY, [ErrorCode::Forbidden, ErrorCode::Conflict, ErrorCode::StoreUnavailable]
);

/// Expire and destroy now
///
/// What the nightly run does: ends uploads whose deadline has passed and removes what they left in the store.
#[utoipa::path(
    post, path = "/v1/admin/jobs/reap", tag = "admin",
    request_body(content = Option<ReapRequest>, example = json!({"dry_run": true})),
    responses((status = 200, description = "What was done, or would be", body = ReapBody), ReapProblems),
)]
pub(super) async fn reap(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    NoQuery: NoQuery,
    OptionalJsonBody(request): OptionalJsonBody<ReapRequest>,
) -> Result<Json<ReapBody>, Denial> {
    if !identity.scopes.allow(Scope::Admin) {
        return Err(problem::not_admin());
    }
    if request.now.is_some() && state.parts.reap_clock == ReapClock::Fixed {
        let detail = "can be given only where the catalog is SQLite and the store embedded; leave it out";
        return Err(Denial::field("now", detail));
    }
    let rehearsal = if request.dry_run { Rehearsal::DryRun } else { Rehearsal::Real };
    let reaped =
        jobs::reap(state.app(), request.now, rehearsal).await.map_err(|error| problem::operator::reap(&error))?;
    Ok(Json(ReapBody {
        expired: reaped.expire.expired,
        suspicious: reaped.expire.suspicious,
        destroyed: reaped.destroyed,
        dry_run: request.dry_run,
    }))
}
