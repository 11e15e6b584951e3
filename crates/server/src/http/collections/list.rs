//! `GET /v1/collections`

use axum::Json;
use axum::extract::State;
use domain::{Collection, Necessity};
use wire::{CollectionBody, CollectionList, RoleBody};

use crate::http::HttpState;
use crate::http::input::NoQuery;
use crate::http::middleware::Caller;
use crate::http::openapi::problems;

problems!(
    /// What can go wrong.
    CollectionsProblems: []
);

/// List collections
///
/// What may be uploaded, so that a page can say what is too large before it sends anything.
#[utoipa::path(
    get, path = "/v1/collections", tag = "assets",
    responses((status = 200, description = "The configured collections", body = CollectionList), CollectionsProblems),
)]
pub(super) async fn list_collections(
    State(state): State<HttpState>,
    Caller(_identity): Caller,
    NoQuery: NoQuery,
) -> Json<CollectionList> {
    Json(CollectionList { data: state.app().settings().collections.values().map(body).collect() })
}

fn body(of: &Collection) -> CollectionBody {
    let roles = of.roles.iter().map(|(name, rules)| RoleBody {
        name: name.to_string(),
        required: rules.necessity == Necessity::Required,
        visibility: rules.visibility.to_string(),
        max_size: rules.max_size.get(),
        content_types: rules.media_types.iter().map(ToString::to_string).collect(),
    });
    CollectionBody { name: of.name.to_string(), roles: roles.collect() }
}
