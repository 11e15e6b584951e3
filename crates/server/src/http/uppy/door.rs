//! Who came in, and what is open to them.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use domain::{Collection, OwnerId, RoleName, TimeSpan, Timestamp};
use http::HeaderName;
use http::request::Parts;

use crate::auth::{Capability, Identity};
use crate::http::HttpState;
use crate::http::middleware::Credential;
use crate::http::problem::{self, Denial};

/// How long an address works that is made for one request.
const BRIEF: TimeSpan = TimeSpan::from_mins(15);
/// Where Uppy sends a token that is not in `Authorization`.
pub(in crate::http) const TOKEN_HEADER: HeaderName = HeaderName::from_static("uppy-auth-token");

/// A capability that was verified.
#[derive(Clone)]
pub(in crate::http) struct Opened {
    pub(in crate::http) capability: Capability,
}

/// A caller at one of the two doors.
pub(super) struct Door {
    /// Whose uploads.
    pub(super) owner: OwnerId,
    /// What the path opens; without one the caller may do what its owner may.
    pub(super) opened: Option<Opened>,
    /// What the caller is known by, where the path opens nothing.
    credential: Option<Credential>,
}

impl Door {
    /// Refuses to begin an upload by what a browser sends by itself: no safe method creates by the cookie.
    pub(super) fn require_intent(&self) -> Result<(), Denial> {
        if self.credential == Some(Credential::Cookie) { Err(problem::uppy::not_by_cookie()) } else { Ok(()) }
    }

    /// A capability for one address that is followed at once. It opens what this door does, and ends soon: Uppy 6 takes the
    /// address of a form for that of the file, and pages show it.
    pub(super) fn mint_brief(&self, state: &HttpState) -> String {
        let ends_at = state.parts.clock.now() + BRIEF;
        let ends_at = Timestamp::from_second(ends_at.as_second()).expect("a time without its fraction is a time");
        let capability = match &self.opened {
            Some(Opened { capability, .. }) => {
                Capability { ends_at: ends_at.min(capability.ends_at), ..capability.clone() }
            }
            None => Capability {
                owner: self.owner.clone(),
                collections: state.app().settings().collections.keys().cloned().collect(),
                max_size: None,
                ends_at,
            },
        };
        state.parts.authenticator.mint_capability(&capability)
    }

    /// A collection as it is open here: with a lower limit where the capability has one.
    pub(super) fn admit(&self, of: &Arc<Collection>) -> Result<Arc<Collection>, Denial> {
        let Some(Opened { capability, .. }) = &self.opened else { return Ok(of.clone()) };
        if !capability.opens(&of.name) {
            return Err(problem::uppy::closed_collection(capability.collections.iter()));
        }
        let Some(limit) = capability.max_size else { return Ok(of.clone()) };
        let mut limited = Collection::clone(of);
        for rules in limited.roles.values_mut() {
            rules.max_size = rules.max_size.min(limit);
        }
        Ok(Arc::new(limited))
    }
}

/// The role that a file fills unless it says another: the one its collection requires, or the first.
pub(super) fn main_role(of: &Collection) -> &RoleName {
    of.required_roles().next().or_else(|| of.roles.keys().next()).expect("a collection has a role")
}

impl FromRequestParts<HttpState> for Door {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _state: &HttpState) -> Result<Self, Denial> {
        if let Some(opened) = parts.extensions.get::<Opened>().cloned() {
            return Ok(Self { owner: opened.capability.owner.clone(), opened: Some(opened), credential: None });
        }
        let identity = parts.extensions.get::<Identity>().cloned();
        let identity = identity.expect("doors without a capability are behind `admit`");
        let credential = parts.extensions.get::<Credential>().copied();
        Ok(Self { owner: identity.owner, opened: None, credential })
    }
}
