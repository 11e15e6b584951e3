//! `GET /v1/{collection}/{id}/files/{role}/url`

use axum::Json;
use axum::extract::State;
use http::Method;
use wire::{ErrorCode, FileUrlBody};

use crate::app::{Intent, ReadUrl, Reading};
use crate::http::HttpState;
use crate::http::input::{Query, RoleParams, RolePath};
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};
use crate::store::signer::ReadMethod;

problems!(
    /// What can go wrong.
    UrlProblems: [ErrorCode::NotCreated, ErrorCode::Gone, ErrorCode::FileLost, ErrorCode::StoreUnavailable]
);

/// Get the URL to read a file by
///
/// A plain URL for a public file; a signed one that expires for a private file. Whoever has a signed URL can read the
/// file until then.
#[utoipa::path(
    get, path = "/v1/{collection}/{id}/files/{role}/url", tag = "files",
    params(
        RoleParams,
        ("disposition" = Option<String>, Query, example = "attachment",
            description = "`attachment` for a download under the file's name, `inline` (the default) to show it"),
    ),
    responses((status = 200, description = "Where to read it", body = FileUrlBody), UrlProblems),
)]
pub(super) async fn file_url(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    RolePath { of, id, role }: RolePath,
    mut query: Query,
) -> Result<Json<FileUrlBody>, Denial> {
    // Asked by HEAD or by GET, what is read at the answer's URL is the file.
    let reading = reading(&Method::GET, &mut query);
    query.finish()?;
    let url = state.app().file_url(&identity.owner, &of, id, &role, reading).await;
    Ok(Json(file_url_body(url.map_err(|error| problem::read(&error, &role))?)))
}

/// A URL as whoever may read the file is told it.
pub(in crate::http) fn file_url_body(url: ReadUrl) -> FileUrlBody {
    match url {
        ReadUrl::Public(url) => FileUrlBody { url, expires_at: None },
        ReadUrl::Signed { url, expires_at } => FileUrlBody { url: url.into_exposed(), expires_at: Some(expires_at) },
    }
}

/// Reads `disposition`. Who follows a redirect keeps the method (RFC 9110, 15.4.3), so the URL is signed for it.
pub(in crate::http) fn reading(method: &Method, query: &mut Query) -> Reading {
    let intent = query.read("disposition", "attachment or inline", |text| match text {
        "attachment" => Some(Intent::Download),
        "inline" => Some(Intent::Show),
        _ => None,
    });
    let method = if method == Method::HEAD { ReadMethod::Head } else { ReadMethod::Get };
    Reading { intent: intent.unwrap_or(Intent::Show), method }
}
