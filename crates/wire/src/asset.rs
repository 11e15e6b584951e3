//! Assets and files as their owner sees them.

use std::collections::BTreeMap;
use std::fmt;

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::part::PartUrlBody;
use crate::request::ChecksumRequest;

/// An asset: what becomes visible as one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AssetBody {
    /// `ast_` and 26 characters; sorts by creation time.
    pub id: String,
    /// Its collection.
    pub collection: String,
    /// The member it belongs to.
    pub owner: String,
    /// `UPLOADING` until every announced file is verified, then `CREATED`.
    pub status: String,
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// Your own JSON object.
    #[schema(value_type = Object)]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// What the client knows the local file by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// When it was created as an upload.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it became CREATED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published_at: Option<Timestamp>,
    /// When what is still uploading counts as abandoned; every grant of part URLs moves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Its files by role.
    pub files: BTreeMap<String, FileBody>,
}

/// One file of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileBody {
    /// Its name on the owner's device.
    pub file_name: String,
    /// Its media type.
    pub content_type: String,
    /// Its size in bytes; absent while nobody knows it, because it was not declared and is not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// `private` or `public`.
    pub visibility: String,
    /// Its full-object checksum: the declared one, or the store's once verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<ChecksumRequest>,
    /// What was compared before publication: `size`, `content_type`, `checksum`, `magic_bytes`. Empty until verified.
    pub verified: Vec<String>,
    /// Where anybody can read it: public files of a CREATED asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How to send it, while it is uploading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<UploadBody>,
    /// Why it was refused; announce the role again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<RejectionBody>,
    /// A replacement that is on its way, in a CREATED asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub replacement: Option<Box<FileBody>>,
}

/// How a file is cut into parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadBody {
    /// Bytes of every part but the last. A suggestion where the size was not declared.
    pub part_size: u64,
    /// How many parts; where the size was not declared, the highest number that may be sent.
    pub part_count: u16,
    /// How many bytes may arrive, where the size was not declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_limit: Option<u64>,
    /// The first 100 part URLs; only where they were just granted. More by `part-urls`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartUrlBody>,
}

/// Why a file was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RejectionBody {
    /// Stable: `size_mismatch`, `content_mismatch`, `checksum_mismatch` and their kind.
    pub code: String,
    /// What happened, for people.
    pub detail: String,
    /// `content_mismatch`: the media type of what the file really is, such as `image/heic`, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// One page of assets, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AssetPage {
    /// Up to `limit` assets.
    pub data: Vec<AssetBody>,
    /// Give it as `cursor` to get the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Where a published file can be read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileUrlBody {
    /// A plain URL for public files, a signed and expiring one for private files.
    pub url: String,
    /// When it stops working; absent for public files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// A signed URL is a password, so it is not printed.
impl fmt::Debug for FileUrlBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileUrlBody").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
