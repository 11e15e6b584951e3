//! What an operator sees.

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of assets of everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminAssetPage {
    /// Newest first. Fewer than asked for, or none, does not mean that there are no more.
    pub data: Vec<AdminAssetBody>,
    /// Where the next page begins; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// An asset as its operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminAssetBody {
    /// Its id.
    pub id: String,
    /// Its collection.
    pub collection: String,
    /// Whose it is.
    pub owner: String,
    /// Its title.
    pub title: String,
    /// `UPLOADING`, `CREATED` or `GONE`.
    pub state: String,
    /// Why it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When its upload began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Since when it is in its state.
    #[schema(value_type = String, format = DateTime)]
    pub state_since: Timestamp,
    /// The files its roles point at: what is published, and what is to come.
    pub files: Vec<AdminFileBody>,
}

/// A file as its operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminFileBody {
    /// Its role.
    pub role: String,
    /// `RESERVED`, `UPLOADING`, `COMMITTING`, `VERIFIED`, `CREATED`, `DELETING` or `CLOSED`.
    pub state: String,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its size, in bytes; absent while nobody knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Whether its object is missing from the store.
    pub lost: bool,
}

/// One asset with what happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminAssetHistory {
    /// The asset.
    #[serde(flatten)]
    pub asset: AdminAssetBody,
    /// What happened, oldest first, as far as it is still written anywhere.
    pub history: Vec<HappeningBody>,
}

/// Something that happened to an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HappeningBody {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `asset.reserved`, `file.reserved`, `file.lost`, `asset.created`, `asset.rejected`, `asset.expired`, `asset.deleted`.
    pub event: String,
    /// The role, and the reason of a rejection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a call of `DELETE /v1/admin/owners/{owner}` did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErasureBody {
    /// Whose assets.
    pub owner: String,
    /// Assets that this call ended. Their bytes follow.
    pub deleted: u64,
    /// Whether there are more: then the call is to be repeated.
    pub remaining: bool,
}
