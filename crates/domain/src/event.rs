//! Events of an asset's life, written into the outbox in the transaction that makes them true.

use data_encoding::BASE32_DNSSEC;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::collection::RoleName;
use crate::id::{AssetId, EventId, IdEntropy};
use crate::owner::OwnerId;
use crate::reason::Reason;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EventKind {
    /// The asset was published. Once in its life.
    #[serde(rename = "asset.created")]
    AssetCreated,
    /// A file failed verification; its role can be announced again.
    #[serde(rename = "asset.rejected")]
    AssetRejected {
        /// Which role.
        role: RoleName,
        /// What was wrong.
        reason: Reason,
    },
    /// The upload was not finished in time.
    #[serde(rename = "asset.expired")]
    AssetExpired,
    /// The owner deleted it or cancelled its upload.
    #[serde(rename = "asset.deleted")]
    AssetDeleted,
}

impl EventKind {
    /// The name in the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AssetCreated => "asset.created",
            Self::AssetRejected { .. } => "asset.rejected",
            Self::AssetExpired => "asset.expired",
            Self::AssetDeleted => "asset.deleted",
        }
    }
}

/// One row of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEvent {
    /// Stable over repeated deliveries.
    pub id: EventId,
    /// The asset it is about.
    pub asset: AssetId,
    /// Whose asset that is.
    pub owner: OwnerId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

impl OutboxEvent {
    /// Makes an event. Its id follows from what happened to which asset and when, so that the same decision taken
    /// twice is the same event.
    pub fn new(asset: AssetId, owner: OwnerId, kind: EventKind, at: Timestamp) -> Self {
        let mut hash = Sha256::new();
        hash.update(asset.to_string());
        hash.update(kind.name());
        if let EventKind::AssetRejected { role, reason } = &kind {
            hash.update(role.as_str());
            hash.update(reason.code());
        }
        hash.update(at.as_microsecond().to_be_bytes());
        let digest = hash.finalize();
        let entropy: IdEntropy = digest[..10].try_into().expect("a SHA-256 digest has more than ten bytes");
        Self { id: EventId::new(at, &entropy), asset, owner, at, kind }
    }
}

/// A fingerprint of a request body, for Idempotency-Key: equal bodies, equal text. The caller writes them in one way.
pub fn body_fingerprint(body: &[u8]) -> String {
    BASE32_DNSSEC.encode(&Sha256::digest(body))
}
