//! `GET /v1/{collection}/{id}/files/{role}/parts`

use axum::Json;
use axum::extract::State;
use domain::{Part, PartNumber};
use wire::{ErrorCode, PartBody, PartPage};

use crate::http::HttpState;
use crate::http::input::{Query, RoleParams, RolePath};
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};
use crate::store::{More, PARTS_PER_PAGE};

problems!(
    /// What can go wrong.
    PartsProblems: [ErrorCode::UploadClosed, ErrorCode::Gone, ErrorCode::StoreUnavailable]
);

/// List the parts that have arrived
///
/// As the store has them: the basis of resuming an upload.
#[utoipa::path(
    get, path = "/v1/{collection}/{id}/files/{role}/parts", tag = "parts",
    params(
        RoleParams,
        ("limit" = Option<u16>, Query, description = "Parts on the page, 1000 if absent", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page of parts, by number", body = PartPage), PartsProblems),
)]
pub(super) async fn list_parts(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    RolePath { of, id, role }: RolePath,
    mut query: Query,
) -> Result<Json<PartPage>, Denial> {
    let after =
        query.read("cursor", "the next_cursor of the page before", |text| PartNumber::new(text.parse().ok()?).ok());
    let limit =
        query.read("limit", "1 to 1000", |text| text.parse().ok().filter(|limit| (1..=PARTS_PER_PAGE).contains(limit)));
    query.finish()?;
    let limit = limit.unwrap_or(PARTS_PER_PAGE);
    let listed = state.app().list_parts(&identity.owner, &of, id, &role, after, limit).await;
    let page = listed.map_err(|error| problem::parts(&error, &role))?;
    let next_cursor = match page.more {
        More::Follows => page.parts.last().map(|part| part.number.to_string()),
        More::Ends => None,
    };
    Ok(Json(PartPage { data: page.parts.into_iter().map(part_body).collect(), next_cursor }))
}

fn part_body(part: Part) -> PartBody {
    PartBody { number: part.number.get(), size: part.size.get(), etag: part.etag.as_str().to_owned() }
}
