//! `DELETE /v1/{collection}/{id}/files/{role}`

use axum::extract::State;
use http::StatusCode;
use wire::ErrorCode;

use crate::http::HttpState;
use crate::http::input::{NoQuery, RoleParams, RolePath};
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    WithdrawProblems: [ErrorCode::Gone, ErrorCode::Conflict]
);

/// Withdraw the file of an optional role
///
/// Its file on the way, or its published one if none is on the way. A replacement can always be given up.
#[utoipa::path(
    delete, path = "/v1/{collection}/{id}/files/{role}", tag = "files",
    params(RoleParams),
    responses((status = 204, description = "It is gone; its bytes follow"), WithdrawProblems),
)]
pub(super) async fn withdraw_file(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    RolePath { of, id, role }: RolePath,
    NoQuery: NoQuery,
) -> Result<StatusCode, Denial> {
    let withdrawn = state.app().withdraw_file(&identity.owner, &of, id, &role).await;
    withdrawn.map_err(|error| problem::withdraw(&error, &role))?;
    Ok(StatusCode::NO_CONTENT)
}
