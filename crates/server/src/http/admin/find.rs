//! `GET /v1/admin/assets/{id}`

use axum::Json;
use axum::extract::State;
use wire::{AdminAssetHistory, ErrorCode, HappeningBody};

use super::body::asset_body;
use crate::app::FindError;
use crate::auth::Scope;
use crate::http::HttpState;
use crate::http::input::{AnyAssetParams, AnyAssetPath, NoQuery};
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    HistoryProblems: [ErrorCode::Forbidden]
);

/// Show anybody's asset and what happened to it
///
/// From its row, its files and the outbox. Files that were replaced and purged are not told of, and an asset that is gone
/// is found until the last of its files is purged, about eight days after its end.
#[utoipa::path(
    get, path = "/v1/admin/assets/{id}", tag = "admin",
    params(AnyAssetParams),
    responses((status = 200, description = "The asset, in any state", body = AdminAssetHistory), HistoryProblems),
)]
pub(super) async fn find_any_asset(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    AnyAssetPath(id): AnyAssetPath,
    NoQuery: NoQuery,
) -> Result<Json<AdminAssetHistory>, Denial> {
    if !identity.scopes.allow(Scope::Admin) {
        return Err(problem::not_admin());
    }
    let found = state.app().find_any_asset(id).await.map_err(|error| problem::list(&error))?;
    let (dated, history) = found.ok_or_else(|| problem::find(&FindError::Missing))?;
    let history = history.into_iter().map(|happening| HappeningBody {
        at: happening.at,
        event: happening.event.to_owned(),
        detail: happening.detail,
    });
    Ok(Json(AdminAssetHistory { asset: asset_body(dated), history: history.collect() }))
}
