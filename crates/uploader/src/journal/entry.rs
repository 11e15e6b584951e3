//! What is remembered of one upload, and its JSON.

use domain::{AssetId, Timestamp};
use serde::{Deserialize, Serialize};
use wire::CreateRequest;

/// The layout of the JSON. Another one is not ours to read.
const VERSION: u32 = 1;

/// One unfinished upload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    version: u32,
    /// For people who look into the file: where it goes.
    pub server: String,
    /// The collection.
    pub collection: String,
    /// Sent with the request that creates the asset, and with its repetition.
    pub idempotency_key: String,
    /// The request itself: a repetition must be the same to the byte.
    pub request: CreateRequest,
    /// The asset, once the server has named it.
    pub asset_id: Option<AssetId>,
    /// When the upload was begun.
    pub begun_at: Timestamp,
}

impl Entry {
    /// A new upload, before its asset exists.
    pub fn new(
        server: &str,
        collection: &str,
        idempotency_key: String,
        request: CreateRequest,
        begun_at: Timestamp,
    ) -> Self {
        let (server, collection) = (server.to_owned(), collection.to_owned());
        Self { version: VERSION, server, collection, idempotency_key, request, asset_id: None, begun_at }
    }

    /// JSON, ending with its last brace: every shorter text is unreadable.
    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("an entry has string keys only")
    }

    /// Reads an entry. `None` for anything else.
    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        serde_json::from_slice(content).ok().filter(|entry: &Self| entry.version == VERSION)
    }
}
