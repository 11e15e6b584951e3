//! What clients send.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::object::objects;
use crate::roles::Roles;
use crate::whole;

/// `POST /v1/{collection}`: creates an asset and asks for permission to upload its files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct CreateRequest {
    /// One line, 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// 0 to 5,000 characters; line breaks are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 5000)]
    pub description: Option<String>,
    /// Your own JSON object, at most 16 KiB. Never looked into. Keys come back sorted. A number comes back as
    /// the same number, not as the same text (`1.10` as `1.1`); an integer beyond 64 bits, or digits beyond a double's 17,
    /// are rounded: send as a text what must keep every digit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// The files to upload, by role. A role may be named once.
    #[schema(value_type = std::collections::BTreeMap<String, AnnounceRequest>)]
    pub files: Roles<AnnounceRequest>,
    /// What the client knows the local file by, 1 to 256 bytes; finds an unfinished upload again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256)]
    pub fingerprint: Option<String>,
}

/// One file that is to be uploaded. Also the body of `PUT /v1/{collection}/{id}/files/{role}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct AnnounceRequest {
    /// Its name on the owner's device, 1 to 255 bytes; not a path.
    #[schema(min_length = 1, max_length = 255)]
    pub file_name: String,
    /// Its exact size in bytes, at least 1. What arrives must have it. Left out where nobody knows it before it is sent:
    /// then the role's limit is reserved and holds, and `complete` needs the list of the parts.
    #[serde(default, deserialize_with = "whole::read_optional", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub size: Option<u64>,
    /// Its media type, such as `video/mp4`. What arrives must look like it.
    pub content_type: String,
    /// A checksum over the whole file, computed by the store and compared before publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<ChecksumRequest>,
}

/// A full-object checksum. SHA-256 is not offered: S3 has none over a whole multipart object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ChecksumRequest {
    /// `crc64nvme`, `crc32c` or `crc32`.
    pub algorithm: String,
    /// Base64 of the big-endian value. May follow at `complete`, when the file has been read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// `PATCH /v1/{collection}/{id}`: what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct PatchRequest {
    /// One line, 1 to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// 0 to 5,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Replaces the whole object; at most 16 KiB. Numbers as when an asset is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// `POST .../part-urls`: which parts to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct PartUrlsRequest {
    /// 1 to 10,000 part numbers, each once, in any order.
    #[schema(min_items = 1, max_items = 10000)]
    pub numbers: Vec<RequestedPart>,
}

objects!(
    CreateRequest,
    AnnounceRequest,
    ChecksumRequest,
    PatchRequest,
    PartUrlsRequest,
    CompleteRequest,
    CompleteFileRequest,
    ClaimedPart,
);

/// A part number, alone or with a digest of the part that the store shall enforce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum RequestedPart {
    /// 1 to 10,000, and within the file's plan.
    Number(u64),
    /// With the SHA-256 of the part.
    WithChecksum {
        /// 1 to 10,000, and within the file's plan.
        number: u64,
        /// Base64 of the 32 bytes. Sent as `x-amz-checksum-sha256`; the store refuses other bytes.
        checksum_sha256: String,
    },
}

/// By hand, because an untagged enum forgets which of its variants nearly fitted, and why it did not.
impl<'de> Deserialize<'de> for RequestedPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Digested {
            #[serde(deserialize_with = "whole::read")]
            number: u64,
            checksum_sha256: String,
        }

        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if !raw.get().starts_with('{') {
            return whole::of_text(raw.get(), &"a part number, or {number, checksum_sha256}").map(Self::Number);
        }
        let Digested { number, checksum_sha256 } = serde_json::from_str(raw.get()).map_err(|error| {
            // Its place is told from the beginning of the object, which nobody sees.
            let told = error.to_string();
            D::Error::custom(told.rsplit_once(" at line ").map_or(told.as_str(), |(what, _)| what))
        })?;
        Ok(Self::WithChecksum { number, checksum_sha256 })
    }
}

/// `POST .../complete`. Every field is optional: the server lists the parts itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct CompleteRequest {
    /// One line, 1 to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// 0 to 5,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Replaces the whole object; at most 16 KiB. Numbers as when an asset is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// What the client knows about its files.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, CompleteFileRequest>)]
    pub files: Roles<CompleteFileRequest>,
}

/// What the client knows about one file at `complete`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct CompleteFileRequest {
    /// The value of the checksum whose algorithm was announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<ChecksumRequest>,
    /// What it sent. If given, it must agree with what the store lists. Required for a file whose size was not declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<ClaimedPart>>,
}

/// A part as the client remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ClaimedPart {
    /// 1 to 10,000.
    #[serde(deserialize_with = "whole::read")]
    pub number: u64,
    /// The ETag the store answered, with or without quotes.
    pub etag: String,
}

#[cfg(test)]
mod tests {
    use super::{AnnounceRequest, CompleteRequest, PartUrlsRequest, RequestedPart};

    #[test]
    fn part_numbers_come_alone_or_with_a_digest() {
        let text = r#"{"numbers": [1, {"number": 2, "checksum_sha256": "x"}]}"#;
        let request: PartUrlsRequest = serde_json::from_str(text).unwrap();
        let with_digest = RequestedPart::WithChecksum { number: 2, checksum_sha256: "x".into() };
        assert_eq!(request.numbers, [RequestedPart::Number(1), with_digest]);
        let again: PartUrlsRequest = serde_json::from_str(&serde_json::to_string(&request).unwrap()).unwrap();
        assert_eq!(again, request);
    }

    #[test]
    fn a_number_without_a_fraction_is_whole() {
        let announce = |size: &str| {
            let text = format!(r#"{{"file_name": "a.mp4", "content_type": "video/mp4", "size": {size}}}"#);
            serde_json::from_str::<AnnounceRequest>(&text)
        };
        for (size, bytes) in [("10", Some(10)), ("10.0", Some(10)), ("1e1", Some(10)), ("0.0", Some(0)), ("null", None)]
        {
            assert_eq!(announce(size).unwrap().size, bytes, "{size}");
        }
        assert_eq!(announce("18446744073709551615").unwrap().size, Some(u64::MAX));
        for size in ["10.5", "-1", "-1.0", "\"10\"", "10.00000000000000000000001", "1e400", "true"] {
            assert!(announce(size).is_err(), "{size}");
        }
        let numbers: PartUrlsRequest =
            serde_json::from_str(r#"{"numbers": [1.0, {"number": 2.0, "checksum_sha256": "x"}]}"#).unwrap();
        let with_digest = RequestedPart::WithChecksum { number: 2, checksum_sha256: "x".into() };
        assert_eq!(numbers.numbers, [RequestedPart::Number(1), with_digest]);
        let complete = r#"{"files": {"video": {"parts": [{"number": 1.0, "etag": "e"}]}}}"#;
        assert!(serde_json::from_str::<CompleteRequest>(complete).is_ok());
    }

    #[test]
    fn lists_are_not_objects() {
        assert!(serde_json::from_str::<CompleteRequest>("{}").is_ok());
        for text in ["[]", r#"{"files": {"video": []}}"#, r#"{"files": {"video": {"parts": [[1, "etag"]]}}}"#] {
            let error = serde_json::from_str::<CompleteRequest>(text).unwrap_err().to_string();
            assert!(error.contains("expected an object"), "{error}");
        }
    }

    #[test]
    fn what_nearly_fits_says_why_it_does_not() {
        for (text, why) in [
            (r#"{"numbers": [-1]}"#, "number `-1`, which is negative"),
            (r#"{"numbers": [1.5]}"#, "number `1.5`, which has a fraction"),
            (r#"{"numbers": [1e300]}"#, "number `1e300`, which is larger than"),
            (r#"{"numbers": [{"number": 1.5, "checksum_sha256": "x"}]}"#, "number `1.5`, which has a fraction"),
            (r#"{"numbers": ["1"]}"#, "expected a part number"),
            (r#"{"numbers": [{"number": 1}]}"#, "missing field `checksum_sha256`"),
            (r#"{"numbers": [{"number": 1, "checksum_sha256": "x", "md5": ""}]}"#, "unknown field `md5`"),
        ] {
            let error = serde_json::from_str::<PartUrlsRequest>(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
