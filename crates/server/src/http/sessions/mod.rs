//! `/v1/session`: signing in, who one is, signing out; and the links that let somebody in.

mod cookie;
mod create;
mod delete;
mod find;
mod link;

use domain::OwnerId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::SessionBody;

use super::HttpState;
use crate::auth::{Identity, Scope, Scopes};

pub(super) use cookie::find as find_cookie;
pub(crate) use link::login_url;

/// Whoever logs in without saying as whom: the one who runs the server on their own machine.
pub(crate) fn local_operator() -> (OwnerId, Scopes) {
    (OwnerId::parse("local").expect("an owner"), Scopes::from_iter([Scope::Admin]))
}

/// For whoever is signed in.
pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(find::find_session)).routes(routes!(link::create_login_link))
}

/// For whoever is not, or not any more.
pub(super) fn open() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(create::create_session, delete::delete_session))
}

fn body(identity: &Identity) -> SessionBody {
    SessionBody {
        owner: identity.owner.as_str().to_owned(),
        scopes: identity.scopes.names().map(str::to_owned).collect(),
        expires_at: identity.expires_at,
    }
}
