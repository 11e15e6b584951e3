//! `POST /v1/admin/login-links`

use axum::Json;
use axum::extract::State;
use domain::OwnerId;
use http::StatusCode;
use wire::{ErrorCode, LoginLinkBody, LoginLinkRequest};

use super::local_operator;
use crate::auth::{LOGIN_CODE_LIFE, Scope, Scopes};
use crate::http::input::{NoQuery, OptionalJsonBody};
use crate::http::middleware::Caller;
use crate::http::openapi::{WITH_BODY, problems};
use crate::http::problem::{self, Denial};
use crate::http::{HttpState, PublicUrl};

problems!(
    /// What can go wrong.
    LoginLinkProblems: WITH_BODY, [ErrorCode::Forbidden]
);

/// Let somebody in by a link
///
/// The link works once, for ten minutes, and while this server runs. Only where the store is embedded; `landfall login`
/// asks for it.
#[utoipa::path(
    post, path = "/v1/admin/login-links", tag = "admin",
    request_body(content = Option<LoginLinkRequest>, example = json!({"owner": "42"})),
    responses((status = 201, description = "The link", body = LoginLinkBody), LoginLinkProblems),
)]
pub(super) async fn create_login_link(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    NoQuery: NoQuery,
    OptionalJsonBody(request): OptionalJsonBody<LoginLinkRequest>,
) -> Result<(StatusCode, Json<LoginLinkBody>), Denial> {
    if !identity.scopes.allow(Scope::Admin) {
        return Err(problem::not_admin());
    }
    let logins = state.parts.logins.as_ref().ok_or_else(problem::login_elsewhere)?;
    let (owner, scopes) = match request.owner {
        Some(owner) => {
            let owner = OwnerId::parse(&owner).map_err(|wrong| Denial::field("owner", wrong.to_string()))?;
            (owner, scopes(&request.scopes)?)
        }
        None if request.scopes.is_empty() => local_operator(),
        None => return Err(Denial::field("owner", "is required where scopes are given")),
    };
    let now = state.parts.clock.now();
    let code = logins.give(owner, scopes, now, &*state.parts.entropy);
    let url = login_url(&state.public_url, code.expose());
    Ok((StatusCode::CREATED, Json(LoginLinkBody { url, expires_at: now + LOGIN_CODE_LIFE })))
}

fn scopes(names: &[String]) -> Result<Scopes, Denial> {
    let known = |name: &String| {
        let known = Scope::ALL.map(Scope::name).join(", ");
        Scope::find(name).ok_or_else(|| Denial::field("scopes", format!("has an unknown one; there are: {known}")))
    };
    names.iter().map(known).collect()
}

/// Where a page takes a code: behind the `#`, which browsers send to nobody.
pub(crate) fn login_url(public_url: &PublicUrl, code: &str) -> String {
    public_url.at(&format!("/#/login/{code}"))
}
