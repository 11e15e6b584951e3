//! Capabilities to upload without a header.

use std::fmt;

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::object::objects;
use crate::whole;

/// `POST /v1/{collection}/capabilities`: an address to upload to, for a page that can send no header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct CapabilityRequest {
    /// How long, in seconds: 60 to 604,800 (7 days, the longest an upload may take by default). A day if absent.
    #[serde(default, deserialize_with = "whole::read_optional", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 60, maximum = 604_800)]
    pub ttl: Option<u64>,
    /// How large a file may be, in bytes, where that is below what its role allows.
    #[serde(default, deserialize_with = "whole::read_optional", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub max_size: Option<u64>,
}

objects!(CapabilityRequest);

/// An address that whoever has it may upload to, as the owner it was made for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CapabilityBody {
    /// What the address holds.
    pub token: String,
    /// The address: `companionEndpoint` of Uppy 6, `endpoint` of Uppy 5.
    pub endpoint: String,
    /// The collections that it opens.
    pub collections: Vec<String>,
    /// How large a file may be, in bytes, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_size: Option<u64>,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// A capability is a password, so it is not printed.
impl fmt::Debug for CapabilityBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapabilityBody").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
