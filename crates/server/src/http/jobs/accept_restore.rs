//! `POST /v1/admin/accept-restore`

use axum::Json;
use axum::extract::State;
use wire::{AcceptRestoreBody, AcceptRestoreRequest, ErrorCode};

use crate::app::{Accepted, Consent};
use crate::auth::Scope;
use crate::http::HttpState;
use crate::http::input::{NoQuery, OptionalJsonBody};
use crate::http::middleware::Caller;
use crate::http::openapi::{WITH_BODY, problems};
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    AcceptRestoreProblems: WITH_BODY, [ErrorCode::Forbidden, ErrorCode::Conflict, ErrorCode::StoreUnavailable]
);

/// Accept a restored catalog
///
/// Says that catalog and buckets belong together although their epochs or markers do not say so. Nothing in the buckets
/// changes but the markers. 409 says why it needs `take_bucket`, or that the bucket is the wrong one.
#[utoipa::path(
    post, path = "/v1/admin/accept-restore", tag = "admin",
    request_body(content = Option<AcceptRestoreRequest>, example = json!({"take_bucket": false})),
    responses((status = 200, description = "What was accepted", body = AcceptRestoreBody), AcceptRestoreProblems),
)]
pub(super) async fn accept_restore(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    NoQuery: NoQuery,
    OptionalJsonBody(request): OptionalJsonBody<AcceptRestoreRequest>,
) -> Result<Json<AcceptRestoreBody>, Denial> {
    if !identity.scopes.allow(Scope::Admin) {
        return Err(problem::not_admin());
    }
    let consent = if request.take_bucket { Consent::TakeBucket } else { Consent::Restored };
    let accepted =
        state.app().accept_restore(consent).await.map_err(|error| problem::operator::accept_restore(&error))?;
    Ok(Json(body(&accepted)))
}

/// What was accepted, on the wire.
pub fn body(accepted: &Accepted) -> AcceptRestoreBody {
    AcceptRestoreBody {
        accepted: accepted.mismatch.map(|mismatch| mismatch.to_string()),
        installation: accepted.installation.id.to_string(),
        epoch: accepted.installation.epoch.0,
    }
}
