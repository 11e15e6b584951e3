//! What kinds of assets there are, for pages that explain limits before anything is sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All collections, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CollectionList {
    /// The collections.
    pub data: Vec<CollectionBody>,
}

/// A collection with what its files may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CollectionBody {
    /// Its name, as in paths.
    pub name: String,
    /// Its roles, by name.
    pub roles: Vec<RoleBody>,
}

/// What a role takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoleBody {
    /// Its name.
    pub name: String,
    /// Whether an asset cannot be without it.
    pub required: bool,
    /// Who may read its files: `private` or `public`.
    pub visibility: String,
    /// Largest file, in bytes.
    pub max_size: u64,
    /// Media types it takes.
    pub content_types: Vec<String>,
}
