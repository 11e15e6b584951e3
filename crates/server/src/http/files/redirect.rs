//! `GET /v1/{collection}/{id}/files/{role}`

use axum::extract::State;
use http::header::LOCATION;
use http::{Method, StatusCode};
use wire::ErrorCode;

use super::url::reading;
use crate::http::HttpState;
use crate::http::input::{Query, RoleParams, RolePath};
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    RedirectProblems: [ErrorCode::NotCreated, ErrorCode::Gone, ErrorCode::FileLost, ErrorCode::StoreUnavailable]
);

/// Go to a file
///
/// Redirects to the URL that `.../url` answers. A HEAD is led to a URL that is signed for HEAD.
#[utoipa::path(
    get, path = "/v1/{collection}/{id}/files/{role}", tag = "files",
    params(
        RoleParams,
        ("disposition" = Option<String>, Query, example = "attachment",
            description = "`attachment` for a download under the file's name, `inline` (the default) to show it"),
    ),
    responses(
        (status = 302, description = "The file is at `Location`",
            headers(("Location" = String, description = "Plain or signed, as for `.../url`"))),
        RedirectProblems,
    ),
)]
pub(super) async fn redirect_to_file(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    RolePath { of, id, role }: RolePath,
    method: Method,
    mut query: Query,
) -> Result<(StatusCode, [(http::HeaderName, String); 1]), Denial> {
    let reading = reading(&method, &mut query);
    query.finish()?;
    let url = state.app().file_url(&identity.owner, &of, id, &role, reading).await;
    let url = url.map_err(|error| problem::read(&error, &role))?.into_exposed();
    Ok((StatusCode::FOUND, [(LOCATION, url)]))
}
