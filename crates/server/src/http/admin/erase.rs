//! `DELETE /v1/admin/owners/{owner}`

use axum::Json;
use axum::extract::State;
use wire::{ErasureBody, ErrorCode};

use crate::auth::Scope;
use crate::http::HttpState;
use crate::http::input::{NoQuery, OwnerParams, OwnerPath};
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

/// Assets that one call ends: some seconds of writes.
const ERASED_AT_ONCE: u32 = 500;

problems!(
    /// What can go wrong.
    ErasureProblems: [ErrorCode::Forbidden, ErrorCode::Conflict]
);

/// Erase an owner's assets
///
/// Ends every upload and deletes every published asset of the owner, in every collection, at most 500 in a call: while
/// `remaining` is true, repeat it. Whoever was erased and still has a token can upload again. Repeating is harmless.
#[utoipa::path(
    delete, path = "/v1/admin/owners/{owner}", tag = "admin",
    params(OwnerParams),
    responses((status = 200, description = "What was ended; the bytes follow", body = ErasureBody), ErasureProblems),
)]
pub(super) async fn erase_owner(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    OwnerPath(owner): OwnerPath,
    NoQuery: NoQuery,
) -> Result<Json<ErasureBody>, Denial> {
    if !identity.scopes.allow(Scope::Admin) {
        return Err(problem::not_admin());
    }
    let erased = state.app().erase_owner(&owner, ERASED_AT_ONCE).await.map_err(|error| problem::list(&error))?;
    tracing::info!(by = identity.owner.as_str(), owner = owner.as_str(), erased.deleted, "erased an owner's assets");
    Ok(Json(ErasureBody { owner: owner.as_str().to_owned(), deleted: erased.deleted, remaining: erased.remaining }))
}
