//! Between the words of the wire (s3s's types) and ours. Nothing here decides or acts.

use crate::checksum::{Algorithm, Kind, ObjectChecksum, Values};
use crate::disk::manifest::VersionId;
use crate::etag::EntityTag;
use crate::refusal::custom;
use http::{HeaderMap, StatusCode, header};
use percent_encoding::utf8_percent_encode;
use s3s::dto::{Checksum, ETag, Owner, Timestamp};
use s3s::{S3Error, S3ErrorCode, S3Result};
use std::time::SystemTime;

/// Every bucket and object belongs to the one owner there is.
pub(super) fn owner() -> Owner {
    Owner { display_name: Some("localstore".to_owned()), id: Some("0".repeat(63) + "1") }
}

/// The absolute address of an object, as the client reached the store.
pub(crate) fn location(headers: &HeaderMap, bucket: &str, key: &str) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}/{bucket}/{}", utf8_percent_encode(key, super::list::KEPT))
}

pub(super) fn wire_etag(etag: EntityTag) -> ETag {
    ETag::Strong(etag.to_string())
}

pub(super) fn wire_time(time: jiff::Timestamp) -> Timestamp {
    Timestamp::from(SystemTime::from(time))
}

/// A version named in a request. What this store could not have named does not exist.
pub(super) fn version(text: Option<&str>) -> S3Result<Option<VersionId>> {
    let parse = |text: &str| {
        text.parse().map_err(|_| S3Error::with_message(S3ErrorCode::InvalidArgument, "Invalid version id specified"))
    };
    text.map(parse).transpose()
}

pub(super) fn wire_version(version: Option<VersionId>) -> Option<String> {
    version.map(|id| id.to_string())
}

/// An algorithm named in a request.
pub(super) fn algorithm(name: &str) -> S3Result<Algorithm> {
    Algorithm::parse(name).ok_or_else(|| {
        S3Error::with_message(
            S3ErrorCode::InvalidRequest,
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: \
             [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
        )
    })
}

/// An object's checksum as five optional fields.
pub(super) fn wire_checksum(checksum: &ObjectChecksum) -> Checksum {
    let mut fields = wire_values(&Values::from([(checksum.algorithm, checksum.value.clone())]));
    fields.checksum_type = Some(wire_kind(checksum.kind));
    fields
}

pub(super) fn wire_kind(kind: Kind) -> s3s::dto::ChecksumType {
    s3s::dto::ChecksumType::from_static(kind.name())
}

pub(super) fn wire_algorithm(algorithm: Algorithm) -> s3s::dto::ChecksumAlgorithm {
    s3s::dto::ChecksumAlgorithm::from_static(algorithm.name())
}

/// Values of several algorithms as five optional fields.
pub(super) fn wire_values(values: &Values) -> Checksum {
    let of = |algorithm| values.get(&algorithm).cloned();
    Checksum {
        checksum_crc32: of(Algorithm::Crc32),
        checksum_crc32c: of(Algorithm::Crc32c),
        checksum_crc64nvme: of(Algorithm::Crc64nvme),
        checksum_sha1: of(Algorithm::Sha1),
        checksum_sha256: of(Algorithm::Sha256),
        checksum_type: None,
    }
}

/// The five optional checksum fields that many of the wire's structs have, as [`Values`].
macro_rules! values_of {
    ($input:expr) => {
        [
            ($crate::checksum::Algorithm::Crc32, $input.checksum_crc32.clone()),
            ($crate::checksum::Algorithm::Crc32c, $input.checksum_crc32c.clone()),
            ($crate::checksum::Algorithm::Crc64nvme, $input.checksum_crc64nvme.clone()),
            ($crate::checksum::Algorithm::Sha1, $input.checksum_sha1.clone()),
            ($crate::checksum::Algorithm::Sha256, $input.checksum_sha256.clone()),
        ]
        .into_iter()
        .filter_map(|(algorithm, value)| Some((algorithm, value?)))
        .collect::<$crate::checksum::Values>()
    };
}
pub(super) use values_of;

/// Tags from a header: `a=1&b=2`, percent-encoded.
pub(super) fn tags_of_header(header: Option<&str>) -> S3Result<Vec<(String, String)>> {
    let unreadable = || {
        S3Error::with_message(
            S3ErrorCode::InvalidArgument,
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name \
             duplicates.",
        )
    };
    let decode = |text: &str| {
        let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
        let mut escapes = text.split('%').skip(1).map(str::as_bytes);
        if !escapes.all(|escape| is_digit(escape.first()) && is_digit(escape.get(1))) {
            return Err(unreadable());
        }
        let spaced = text.replace('+', " ");
        let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8();
        decoded.map(std::borrow::Cow::into_owned).map_err(|_| unreadable())
    };
    let pairs = header.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let tags = pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(key)?, decode(value)?))
        })
        .collect::<S3Result<Vec<_>>>()?;
    let is_named_twice = |(at, (key, _)): (usize, &(String, String))| tags[..at].iter().any(|(other, _)| other == key);
    if tags.iter().any(|(key, _)| key.is_empty()) || tags.iter().enumerate().any(is_named_twice) {
        return Err(unreadable());
    }
    check_tags(tags)
}

/// What tags consist of: letters, digits and blanks of any script, and some signs.
fn is_of_tags(c: char) -> bool {
    c.is_alphanumeric() || c.is_whitespace() && !c.is_control() || "+-=._:/@".contains(c)
}

/// S3's limits on tags: 10, distinct, keys of 1..=128 and values of 0..=256 characters, none of AWS's own.
pub(super) fn check_tags(tags: Vec<(String, String)>) -> S3Result<Vec<(String, String)>> {
    let refuse = |message| Err(S3Error::with_message(S3ErrorCode::InvalidTag, message));
    if tags.len() > 10 {
        return Err(custom("BadRequest", StatusCode::BAD_REQUEST, "Object tags cannot be greater than 10"));
    }
    for (at, (key, value)) in tags.iter().enumerate() {
        if key.starts_with("aws:") {
            return refuse("System tags cannot be added/updated by requester");
        }
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(is_of_tags) {
            return refuse("The TagKey you have provided is invalid: 1 to 128 letters, digits, blanks and +-=._:/@");
        }
        if value.chars().count() > 256 || !value.chars().all(is_of_tags) {
            return refuse("The TagValue you have provided is invalid: 0 to 256 letters, digits, blanks and +-=._:/@");
        }
        if tags[..at].iter().any(|(other, _)| other == key) {
            return refuse("Cannot provide multiple Tags with the same key");
        }
    }
    Ok(tags)
}
