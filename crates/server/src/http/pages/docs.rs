//! `GET /docs` and `GET /docs/{file}`: Swagger UI over `/openapi.json`.

use std::sync::{Arc, LazyLock};

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use utoipa_swagger_ui::Config;

use crate::http::HttpState;
use crate::http::problem::{self, Denial};

/// Scripts and requests only from here. Swagger UI sets styles from its scripts and draws icons from data URLs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The validator is a service on the internet: an installation of one's own does not tell it where its API is.
static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    Arc::new(
        Config::new(["../openapi.json"]).validator_url("none").try_it_out_enabled(true).persist_authorization(false),
    )
});

/// The API's documentation
///
/// Redirects to the page.
#[utoipa::path(
    get, path = "/docs", tag = "operations", security(()),
    responses((status = 303, description = "The page is at `/docs/index.html`")),
)]
pub(super) async fn docs(State(state): State<HttpState>) -> Redirect {
    Redirect::to(&state.public_url.path_at("/docs/index.html"))
}

/// A file of the API's documentation
#[utoipa::path(
    get, path = "/docs/{file}", tag = "operations", security(()),
    params(("file" = String, Path, description = "Such as `index.html`")),
    responses(
        (status = 200, description = "The file", body = String, content_type = "text/html"),
        (status = 404, description = "`not_found`", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn docs_file(Path(file): Path<String>) -> Result<Response, Denial> {
    match utoipa_swagger_ui::serve(&file, CONFIG.clone()) {
        Ok(Some(file)) => {
            let headers = [(CONTENT_TYPE, file.content_type), (CONTENT_SECURITY_POLICY, POLICY.to_owned())];
            Ok((headers, file.bytes.into_owned()).into_response())
        }
        Ok(None) => Err(problem::unknown_path()),
        Err(error) => {
            tracing::error!(error = &*error, "the documentation's configuration cannot be written");
            Err(problem::internal())
        }
    }
}
