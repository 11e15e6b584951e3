//! Sessions of browsers, and the links that begin them.

use std::fmt;

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::object::objects;

/// `POST /v1/session`: who wants to sign in. One of the two.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SessionRequest {
    /// The code of a login link. It works once, for ten minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// A token, as in `Authorization`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// Both are passwords, so they are not printed.
impl fmt::Debug for SessionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRequest").finish_non_exhaustive()
    }
}

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionBody {
    /// Whose assets one sees.
    pub owner: String,
    /// What is allowed besides: `admin`.
    pub scopes: Vec<String>,
    /// When one has to sign in again.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// `POST /v1/admin/login-links`: somebody is to be let in by a link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct LoginLinkRequest {
    /// Whom the session stands for: 1 to 256 bytes. `local`, with the scope `admin`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What a session of this owner allows besides: `admin`, or nothing if absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

objects!(SessionRequest, LoginLinkRequest);

/// A link that lets somebody in once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginLinkBody {
    /// The link, for a browser.
    pub url: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// A login link is a password, so it is not printed.
impl fmt::Debug for LoginLinkBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginLinkBody").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
