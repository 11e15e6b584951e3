//! Jobs that an operator starts by hand.

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::object::objects;

/// `POST /v1/admin/jobs/reap`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ReapRequest {
    /// Expires what would be expired at this time, RFC 3339. Only where the catalog is SQLite and the store embedded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub now: Option<Timestamp>,
    /// Only count, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

objects!(ReapRequest);

/// What was done, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReapBody {
    /// Uploads and replacements that were ended.
    pub expired: u64,
    /// Uploads left alone because an object lies where none can be yet: was the catalog restored from a backup?
    pub suspicious: u64,
    /// Files taken up for removal from the store; 0 in a dry run.
    pub destroyed: u64,
    /// Whether this only counted.
    pub dry_run: bool,
}
