//! What is written beside the bytes: plain JSON, one small file per key and per multipart upload.
//!
//! A key's record lists its versions, newest first, and each version names the blobs its bytes lie in, in order. A blob
//! belongs to exactly one version or one part; copies are hard links with names of their own.

use crate::checksum::{Algorithm, Kind, ObjectChecksum, Values};
use crate::etag::EntityTag;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// 128 bits, written as 32 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(u128);

impl Id {
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// The same randomness behind 48 bits of time, so that ids of one key sort by age as S3 lists uploads.
    pub(crate) fn stamped(self, now: Timestamp) -> Self {
        let millis = u128::try_from(now.as_millisecond()).unwrap_or(0);
        Self(millis << 80 | self.0 >> 48)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The text is not an [`Id`].
#[derive(Debug, thiserror::Error)]
#[error("not an identifier of this store")]
pub(crate) struct NotAnId;

impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let canonical = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !canonical {
            return Err(NotAnId);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| NotAnId)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A version's name: `null` for what was written without versioning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum VersionId {
    Null,
    Named(Id),
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Named(id) => id.fmt(f),
        }
    }
}

impl FromStr for VersionId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text == "null" { Ok(Self::Null) } else { text.parse().map(Self::Named) }
    }
}

impl Serialize for VersionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VersionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Everything known of one key of one bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub(crate) key: String,
    /// Newest first; the first is the current one. Never empty on disk.
    pub(crate) versions: Vec<Version>,
}

/// One version of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) id: VersionId,
    pub(crate) modified: Timestamp,
    pub(crate) content: Content,
}

/// An object, or the marker that one was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    DeleteMarker,
    Object(Box<ObjectRecord>),
}

impl Version {
    pub(crate) fn object(&self) -> Option<&ObjectRecord> {
        match &self.content {
            Content::DeleteMarker => None,
            Content::Object(object) => Some(object),
        }
    }
}

/// An object: what it says about itself and where its bytes lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectRecord {
    /// Names this writing of the object; readers hold on to it.
    pub(crate) generation: Id,
    pub(crate) etag: EntityTag,
    pub(crate) size: u64,
    pub(crate) checksum: Option<ObjectChecksum>,
    pub(crate) headers: Headers,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) segments: Vec<Segment>,
    /// The multipart upload that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) upload: Option<Id>,
}

impl ObjectRecord {
    /// Where its bytes lie.
    pub(crate) fn blobs(&self) -> Vec<Id> {
        self.segments.iter().map(|segment| segment.blob).collect()
    }
}

/// What a client may say about an object and gets back unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Headers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_control: Option<String>,
    /// `Expires` as it was given, which need not be a date.
    #[serde(rename = "expires_given", skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<String>,
    /// What older records kept of it.
    #[serde(rename = "expires", skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) website_redirect: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Headers {
    /// The value of `Expires`.
    pub(crate) fn expires(&self) -> Option<String> {
        self.expires.clone().or_else(|| self.expires_at.map(crate::http_date::format))
    }
}

/// A run of an object's bytes: one blob. For a multipart object, one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Segment {
    pub(crate) blob: Id,
    pub(crate) size: u64,
    /// The part's number, 1..=10,000; absent where S3 would not show parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<u16>,
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub(crate) checksums: Values,
}

/// A multipart upload's own file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UploadRecord {
    pub(crate) key: String,
    pub(crate) initiated: Timestamp,
    pub(crate) headers: Headers,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<(String, String)>,
    /// What the client declared, if it declared anything.
    pub(crate) checksum: Option<DeclaredChecksum>,
    /// Set once it was completed; the file then stays for a day so that a repeated Complete finds its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) completion: Option<Completion>,
}

/// The checksum a multipart upload was opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeclaredChecksum {
    pub(crate) algorithm: Algorithm,
    pub(crate) kind: Kind,
}

/// How a multipart upload ended well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Completion {
    pub(crate) at: Timestamp,
    pub(crate) etag: EntityTag,
    pub(crate) version: Option<VersionId>,
    pub(crate) checksum: Option<ObjectChecksum>,
    /// Part numbers in the order they were completed; with their ETags, they are what makes a repetition the same.
    pub(crate) parts: Vec<(u16, EntityTag)>,
}

/// One uploaded part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    pub(crate) blob: Id,
    pub(crate) size: u64,
    pub(crate) etag: EntityTag,
    pub(crate) modified: Timestamp,
    pub(crate) checksums: Values,
}

/// A bucket's own file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BucketRecord {
    pub(crate) created: Timestamp,
    #[serde(default)]
    pub(crate) versioning: Versioning,
    #[serde(default)]
    pub(crate) cors: Vec<crate::cors::CorsRule>,
    #[serde(default)]
    pub(crate) lifecycle: Vec<crate::lifecycle::LifecycleRule>,
    #[serde(default)]
    pub(crate) tags: Vec<(String, String)>,
}

impl BucketRecord {
    /// Settings without any rules.
    pub(crate) const fn new(created: Timestamp, versioning: Versioning) -> Self {
        Self { created, versioning, cors: Vec::new(), lifecycle: Vec::new(), tags: Vec::new() }
    }
}

/// Whether a bucket keeps what is overwritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Versioning {
    #[default]
    Never,
    Enabled,
    Suspended,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expires_of_older_records_is_a_date_and_stays_one() {
        let old: Headers = serde_json::from_str(r#"{"expires": "2070-01-01T00:00:00Z"}"#).expect("an older record");
        assert_eq!(old.expires().as_deref(), Some("Wed, 01 Jan 2070 00:00:00 GMT"));
        let given = Headers { expires: Some("2070-01-01T00:00:00Z".to_owned()), ..Headers::default() };
        for headers in [old, given] {
            let kept = serde_json::to_string(&headers).expect("a record");
            let read: Headers = serde_json::from_str(&kept).expect("the same record");
            assert_eq!(read.expires(), headers.expires(), "{kept}");
        }
    }
}
