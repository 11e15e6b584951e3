//! Grants to watch.

use std::collections::BTreeMap;
use std::fmt;

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::asset::FileUrlBody;
use crate::object::objects;
use crate::whole;

/// `POST /v1/{collection}/{id}/grants`: lets others watch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct GrantRequest {
    /// How long, in seconds: 60 to 2,592,000 (30 days). A day if absent.
    #[serde(default, deserialize_with = "whole::read_optional", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 60, maximum = 2_592_000)]
    pub ttl: Option<u64>,
}

objects!(GrantRequest);

/// A link that lets anybody who has it watch.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantBody {
    /// What the link holds; `/w/{token}/{role}` leads to a file.
    pub token: String,
    /// The link to the asset's main file.
    pub url: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// A grant is a password, so it is not printed.
impl fmt::Debug for GrantBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantBody").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What a link shows, to whoever has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WatchBody {
    /// The asset's title.
    pub title: String,
    /// Its description; empty if there is none.
    pub description: String,
    /// Its collection.
    pub collection: String,
    /// The roles that can be followed: those with a published file.
    pub roles: Vec<String>,
    /// Where each role's file is read now, as following its link would say. A page that shows it longer asks again before
    /// that ends. A file whose object is missing from the store is left out.
    pub files: BTreeMap<String, FileUrlBody>,
    /// When the link ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}
