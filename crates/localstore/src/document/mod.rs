//! Requests whose body is an XML document: read whole, so within bounds, and made plain for s3s.
//!
//! What an operation can legitimately send has a known size, and no more is read. Larger documents share a budget, so that
//! memory does not grow with the number of clients. s3s counts nothing: a document with more entries than its operation
//! takes is refused before anything is built from it.

mod plain;
mod schema;

pub(crate) use plain::{Unreadable, plain};

use crate::checksum::{Digests, Hashes};
use crate::protocol::{Promise, broken_body};
use crate::signature;
use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use s3s::{Body, S3Error, S3ErrorCode, S3Result, TrailingHeaders};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// Documents up to this size are not counted against [`BUDGET`].
const SMALL: usize = 64 * KIB;
/// Bytes of larger documents that are held at once.
const BUDGET: usize = 16 * MIB;
/// How long a document waits for its turn.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// What may come in one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    bytes: usize,
    /// Elements below the root.
    entries: usize,
}

/// 1,000 keys of 1,024 bytes, each byte escaped as six, and what stands around them.
const DELETE: Bounds = Bounds { bytes: 7 * MIB, entries: 1_000 + 1 };
/// 10,000 parts with their number, ETag and checksums, indented.
const COMPLETE: Bounds = Bounds { bytes: 4 * MIB, entries: 10_000 };
/// 1,000 rules.
const LIFECYCLE: Bounds = Bounds { bytes: 512 * KIB, entries: 1_000 };
/// S3 lets a CORS configuration have 64 KB; all other documents are smaller.
const SETTINGS: Bounds = Bounds { bytes: SMALL, entries: 1_000 };

/// Subresources whose PUT carries a document.
const SUBRESOURCES: [&str; 22] = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "tagging",
    "versioning",
    "website",
];

impl Bounds {
    /// The bounds of a request's document; `None` where the body is none.
    pub(crate) fn of(method: &Method, uri: &Uri) -> Option<Self> {
        let query = uri.query().unwrap_or_default();
        let has = |name: &str| signature::names(query).any(|found| found == name);
        let is_object = uri.path().trim_start_matches('/').split_once('/').is_some_and(|(_, key)| !key.is_empty());
        match *method {
            Method::POST if has("delete") => Some(DELETE),
            Method::POST if has("uploadId") => Some(COMPLETE),
            Method::PUT if has("lifecycle") => Some(LIFECYCLE),
            Method::PUT if SUBRESOURCES.into_iter().any(has) => Some(SETTINGS),
            // CreateBucket.
            Method::PUT if !is_object => Some(SETTINGS),
            _ => None,
        }
    }
}

/// Reads documents, so many bytes at a time.
pub(crate) struct Documents {
    /// In KiB.
    budget: Arc<Semaphore>,
}

/// A document that was read, and its share of the budget.
pub(crate) struct Document {
    pub(crate) body: Body,
    pub(crate) share: Option<OwnedSemaphorePermit>,
}

impl Documents {
    pub(crate) fn new() -> Self {
        Self { budget: Arc::new(Semaphore::new(BUDGET / KIB)) }
    }

    /// Reads a document, holds it against what the headers promise of it, and sets the headers to what s3s will find.
    pub(crate) async fn read(
        &self,
        bounds: Bounds,
        headers: &mut HeaderMap,
        body: Body,
        trailers: Option<&TrailingHeaders>,
    ) -> S3Result<Document> {
        let length = length_of(headers)?;
        if length.is_some_and(|length| length > bounds.bytes) {
            return Err(too_big(bounds));
        }
        let share = self.share(length.unwrap_or(0)).await?;
        let bytes = collect(body, bounds, length).await?;
        if bounds == COMPLETE {
            check(&bytes, &without_checksums(headers), None)?;
        } else {
            check(&bytes, headers, trailers)?;
        }
        let plain = if bytes.is_empty() { Vec::new() } else { plain(&bytes, bounds.entries)? };
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(plain.len()));
        Ok(Document { body: Body::from(plain), share })
    }

    async fn share(&self, bytes: usize) -> S3Result<Option<OwnedSemaphorePermit>> {
        if bytes <= SMALL {
            return Ok(None);
        }
        let wanted = u32::try_from(bytes.div_ceil(KIB)).map_err(S3Error::internal_error)?;
        match tokio::time::timeout(MAX_WAIT, Arc::clone(&self.budget).acquire_many_owned(wanted)).await {
            Ok(Ok(share)) => Ok(Some(share)),
            Ok(Err(_)) | Err(_) => {
                Err(S3Error::with_message(S3ErrorCode::SlowDown, "Please reduce your request rate."))
            }
        }
    }
}

/// The announced length; `None` for a request without a body.
fn length_of(headers: &HeaderMap) -> S3Result<Option<usize>> {
    let Some(value) = headers.get(header::CONTENT_LENGTH) else {
        return if headers.contains_key(header::TRANSFER_ENCODING) {
            Err(S3ErrorCode::MissingContentLength.into())
        } else {
            Ok(None)
        };
    };
    let length = value.to_str().ok().and_then(|text| text.parse().ok());
    length.map(Some).ok_or_else(|| S3ErrorCode::MissingContentLength.into())
}

async fn collect(mut body: Body, bounds: Bounds, length: Option<usize>) -> S3Result<Bytes> {
    let mut bytes = Vec::with_capacity(length.unwrap_or(0).min(bounds.bytes));
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| broken_body(&*error))?;
        if bytes.len() + chunk.len() > bounds.bytes {
            return Err(too_big(bounds));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}

/// The checksum headers of CompleteMultipartUpload speak of the object that it makes, not of the document.
fn without_checksums(headers: &HeaderMap) -> HeaderMap {
    let is_of_object = |name: &str| name.starts_with("x-amz-checksum-") || name == "x-amz-sdk-checksum-algorithm";
    let of_body = headers.iter().filter(|(name, _)| !is_of_object(name.as_str()));
    of_body.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Documents too may come with an MD5 or a checksum.
fn check(bytes: &[u8], headers: &HeaderMap, trailers: Option<&TrailingHeaders>) -> S3Result<()> {
    let promise = Promise::of_headers(headers)?;
    let mut hashes = Hashes::new(promise.algorithm());
    hashes.update(bytes);
    let digests: Digests = hashes.finish();
    promise.verify(bytes.len() as u64, &digests, trailers)
}

impl From<Unreadable> for S3Error {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Malformed => Self::with_message(
                S3ErrorCode::MalformedXML,
                "The XML you provided was not well-formed or did not validate against our published schema.",
            ),
            Unreadable::NotDone => Self::with_message(
                S3ErrorCode::NotImplemented,
                "The XML you provided implies functionality that is not implemented.",
            ),
        }
    }
}

fn too_big(bounds: Bounds) -> S3Error {
    S3Error::with_message(
        S3ErrorCode::MaxMessageLengthExceeded,
        format!("Your request was too big: this operation takes {} bytes.", bounds.bytes),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_operation() {
        let of = |method, uri: &str| Bounds::of(&method, &uri.parse().expect("a URI"));
        assert_eq!(of(Method::POST, "/b?delete"), Some(DELETE));
        assert_eq!(of(Method::POST, "/b/k?uploadId=1"), Some(COMPLETE));
        assert_eq!(of(Method::POST, "/b/k?uploads"), None);
        assert_eq!(of(Method::PUT, "/b?cors"), Some(SETTINGS));
        assert_eq!(of(Method::PUT, "/b/"), Some(SETTINGS));
        assert_eq!(of(Method::PUT, "/b/k?tagging"), Some(SETTINGS));
        assert_eq!(of(Method::PUT, "/b/k"), None);
        assert_eq!(of(Method::PUT, "/b/k?partNumber=1&uploadId=1"), None);
        assert_eq!(of(Method::GET, "/b?cors"), None);
    }
}
