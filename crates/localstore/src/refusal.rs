//! Every way the store says no, and the S3 code and status each one becomes: one exhaustive match, nothing else
//! translates errors of the disk.

use crate::disk::manifest::VersionId;
use http::{HeaderMap, HeaderValue, StatusCode};
use s3s::{S3Error, S3ErrorCode};
use std::{borrow::Cow, io};

/// Why an operation on the disk did not happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the disk failed")]
    Io(#[from] io::Error),
    #[error("no such bucket")]
    NoSuchBucket,
    #[error("the bucket exists and is yours")]
    BucketExists,
    #[error("the bucket is not empty")]
    BucketNotEmpty,
    #[error("no such key")]
    NoSuchKey {
        /// The delete marker that hides it, if one does.
        marker: Option<VersionId>,
    },
    #[error("no such version")]
    NoSuchVersion,
    #[error("the version is a delete marker")]
    IsDeleteMarker(VersionId),
    #[error("no such upload")]
    NoSuchUpload,
    #[error("precondition failed: {0}")]
    PreconditionFailed(&'static str),
    #[error("invalid part: {0}")]
    InvalidPart(String),
    #[error("parts are not in order")]
    InvalidPartOrder,
    #[error("part {number} has {size} bytes")]
    PartTooSmall { number: u16, size: u64 },
    #[error("bad digest: {0}")]
    BadDigest(String),
    #[error("invalid request: {0}")]
    InvalidRequest(String),
}

impl Refusal {
    /// Whether it is certain that no record was written. After other errors of the disk a record may be there although
    /// its write was reported as failed, so the blobs it names must stay until the next start knows.
    pub(crate) fn wrote_nothing(&self) -> bool {
        match self {
            Self::Io(error) => is_full(error),
            _ => true,
        }
    }
}

/// Space runs out while a temporary file is written, before anything gets its name.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

impl From<Refusal> for S3Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Io(error) => of_io(error),
            Refusal::NoSuchBucket => say(S3ErrorCode::NoSuchBucket, "The specified bucket does not exist"),
            Refusal::BucketExists => say(
                S3ErrorCode::BucketAlreadyOwnedByYou,
                "Your previous request to create the named bucket succeeded and you already own it.",
            ),
            Refusal::BucketNotEmpty => say(
                S3ErrorCode::BucketNotEmpty,
                "The bucket still holds objects, versions or uploads; remove them first.",
            ),
            Refusal::NoSuchKey { marker } => {
                with_marker(say(S3ErrorCode::NoSuchKey, "The specified key does not exist."), marker)
            }
            Refusal::NoSuchVersion => say(S3ErrorCode::NoSuchVersion, "The specified version does not exist."),
            Refusal::IsDeleteMarker(version) => with_marker(
                say(S3ErrorCode::MethodNotAllowed, "The specified method is not allowed against this resource."),
                Some(version),
            ),
            Refusal::NoSuchUpload => say(
                S3ErrorCode::NoSuchUpload,
                "The specified upload does not exist. It may have been aborted or completed, or its id is wrong.",
            ),
            Refusal::PreconditionFailed(condition) => S3Error::with_message(
                S3ErrorCode::PreconditionFailed,
                format!("At least one of the preconditions you specified did not hold: {condition}"),
            ),
            Refusal::InvalidPart(detail) => S3Error::with_message(
                S3ErrorCode::InvalidPart,
                format!("One or more of the specified parts could not be found or did not match: {detail}"),
            ),
            Refusal::InvalidPartOrder => {
                say(S3ErrorCode::InvalidPartOrder, "The list of parts was not in ascending order of part number.")
            }
            Refusal::PartTooSmall { number, size } => S3Error::with_message(
                S3ErrorCode::EntityTooSmall,
                format!("Part {number} has {size} bytes; every part but the last needs at least 5242880."),
            ),
            Refusal::BadDigest(detail) => S3Error::with_message(S3ErrorCode::BadDigest, detail),
            Refusal::InvalidRequest(detail) => S3Error::with_message(S3ErrorCode::InvalidRequest, detail),
        }
    }
}

/// An error whose code s3s does not know; it needs its status said.
pub(crate) fn custom(code: &'static str, status: StatusCode, message: impl Into<Cow<'static, str>>) -> S3Error {
    let mut error = S3Error::with_message(S3ErrorCode::Custom(code.into()), message);
    error.set_status_code(status);
    error
}

fn say(code: S3ErrorCode, message: &'static str) -> S3Error {
    S3Error::with_message(code, message)
}

fn with_marker(mut error: S3Error, marker: Option<VersionId>) -> S3Error {
    let Some(version) = marker else { return error };
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-delete-marker", HeaderValue::from_static("true"));
    if let Ok(value) = HeaderValue::try_from(version.to_string()) {
        headers.insert("x-amz-version-id", value);
    }
    error.set_headers(headers);
    error
}

fn of_io(error: io::Error) -> S3Error {
    if is_full(&error) {
        tracing::error!(%error, "the disk of the store is full");
        return custom(
            "InsufficientStorage",
            StatusCode::INSUFFICIENT_STORAGE,
            "The store's disk is full; free some space and try again.",
        );
    }
    tracing::error!(%error, "the disk of the store failed");
    let mut answer =
        S3Error::with_message(S3ErrorCode::InternalError, "The store's disk failed; see the server's log.");
    answer.set_source(Box::new(error));
    answer
}
