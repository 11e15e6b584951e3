//! What an owner has.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/usage`: what the caller has, and may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageBody {
    /// Bytes of published files.
    pub stored_bytes: u64,
    /// Bytes of files on their way: their sizes, and the limits of those whose size is not known.
    pub reserved_bytes: u64,
    /// Unfinished uploads.
    pub open_uploads: u64,
    /// What the two that have a limit may come to.
    pub allowed: AllowedBody,
}

/// What one owner may have unfinished at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AllowedBody {
    /// Of `reserved_bytes`.
    pub reserved_bytes: u64,
    /// Of `open_uploads`.
    pub open_uploads: u64,
}
