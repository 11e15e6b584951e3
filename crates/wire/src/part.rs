//! Parts and their URLs.

use std::collections::BTreeMap;
use std::fmt;

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Permission to send one part: `PUT` exactly `size` bytes to `url` with `headers`. Without `size`, 5 MiB to 5 GiB; the
/// last part may have less.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartUrlBody {
    /// The part's number, from 1.
    pub number: u16,
    /// The part's length in bytes; the store refuses another. Absent where the file's size was not declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// A presigned URL. Whoever has it can send this part: treat it as a password.
    pub url: String,
    /// Headers that must be sent as given. `Content-Length` is not among them: every HTTP client sends it by itself.
    pub headers: BTreeMap<String, String>,
    /// When the URL stops working; ask for another then.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// A presigned URL is a password, so it is not printed.
impl fmt::Debug for PartUrlBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartUrlBody")
            .field("number", &self.number)
            .field("size", &self.size)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The answer of `part-urls`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartUrlsBody {
    /// One for each number asked for, in that order.
    pub parts: Vec<PartUrlBody>,
}

/// A part that has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartBody {
    /// Its number.
    pub number: u16,
    /// Its length in bytes.
    pub size: u64,
    /// Its ETag, without quotes.
    pub etag: String,
}

/// One page of what has arrived, in part order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartPage {
    /// Up to 1,000 parts.
    pub data: Vec<PartBody>,
    /// Give it as `cursor` to get the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
