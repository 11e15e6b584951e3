//! What a store was seen to do where stores differ, and what follows from it.
//!
//! Not how it is found out: the server's doctor does that. *Invariant*: nothing here is needed for safety. A behaviour
//! that was never seen is taken for the most careful one ([`StoreBehaviour::default`]), and HEAD decides in every case.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::checksum::ChecksumAlgorithm;

/// What `If-None-Match: *` does on CompleteMultipartUpload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfNoneMatch {
    /// An object that is there stays, and of two Completes at once one wins.
    Atomic,
    /// An object that is there stays, but two Completes at once both succeeded.
    Racy,
    /// The object that is there is replaced.
    Ignored,
    /// A Complete that says it fails.
    Refused,
    /// Nobody has looked.
    #[default]
    Unknown,
}

impl IfNoneMatch {
    /// Whether Complete may say it. A racy condition is still better than none.
    pub const fn is_sent(self) -> bool {
        match self {
            Self::Atomic | Self::Racy => true,
            Self::Ignored | Self::Refused | Self::Unknown => false,
        }
    }
}

/// What `x-amz-mp-object-size` does on CompleteMultipartUpload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectSizeCheck {
    /// Another size than that of all parts together is refused, and the right one passes.
    Checked,
    /// Any size passes.
    Ignored,
    /// The right size is refused.
    Refused,
    /// Nobody has looked.
    #[default]
    Unknown,
}

impl ObjectSizeCheck {
    /// Whether Complete may say it.
    pub const fn is_sent(self) -> bool {
        match self {
            Self::Checked => true,
            Self::Ignored | Self::Refused | Self::Unknown => false,
        }
    }
}

/// How the ETag of an object of several parts is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ETagForm {
    /// The MD5 of the parts' MD5s, `-`, and their count, as AWS does without KMS encryption.
    Md5OfParts,
    /// Anything else: to be compared with itself only.
    Other,
    /// Nobody has looked.
    #[default]
    Unknown,
}

/// What a second CompleteMultipartUpload of the same upload answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondComplete {
    /// The same success again.
    Succeeds,
    /// That there is no such upload.
    NoSuchUpload,
    /// Something else.
    Fails,
    /// Nobody has looked.
    #[default]
    Unknown,
}

/// What a store does where stores differ. The default is what one must assume before looking.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StoreBehaviour {
    /// `If-None-Match: *` on Complete.
    pub if_none_match: IfNoneMatch,
    /// `x-amz-mp-object-size` on Complete.
    pub object_size: ObjectSizeCheck,
    /// How ETags are made.
    pub etag: ETagForm,
    /// A second Complete.
    pub second_complete: SecondComplete,
    /// The full-object checksums that it compares at Complete and shows in HEAD. `None`: nobody has looked.
    pub checksums: Option<Vec<ChecksumAlgorithm>>,
}

impl StoreBehaviour {
    /// Whether an upload may be opened with a checksum. A store that does not compare it may also refuse every part that
    /// carries none.
    pub fn takes_checksum(&self, algorithm: ChecksumAlgorithm) -> bool {
        self.checksums.as_ref().is_none_or(|compared| compared.contains(&algorithm))
    }
}

/// A [`StoreBehaviour`] with whose it is and when it was seen: what the catalog keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreProfile {
    /// Which store: its address, region, buckets and prefix, in a form that only equality matters of. A profile of
    /// another store says nothing about this one.
    pub store: String,
    /// When it was seen.
    pub seen_at: Timestamp,
    /// What was seen.
    pub behaviour: StoreBehaviour,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_seen_is_not_relied_upon() {
        let unknown = StoreBehaviour::default();
        assert!(!unknown.if_none_match.is_sent() && !unknown.object_size.is_sent());
        assert!(unknown.takes_checksum(ChecksumAlgorithm::Crc64Nvme), "a check that may work is asked for");
    }

    #[test]
    fn checksums_are_sent_where_they_are_compared() {
        let seen = |checksums| StoreBehaviour { checksums: Some(checksums), ..StoreBehaviour::default() };
        assert!(!seen(vec![]).takes_checksum(ChecksumAlgorithm::Crc32));
        let some = seen(vec![ChecksumAlgorithm::Crc32]);
        assert!(some.takes_checksum(ChecksumAlgorithm::Crc32) && !some.takes_checksum(ChecksumAlgorithm::Crc32C));
    }

    #[test]
    fn conditions_are_sent_where_they_do_something() {
        use IfNoneMatch::{Atomic, Ignored, Racy, Refused, Unknown};
        for (seen, sent) in [(Atomic, true), (Racy, true), (Ignored, false), (Refused, false), (Unknown, false)] {
            assert_eq!(seen.is_sent(), sent, "{seen:?}");
        }
    }
}
