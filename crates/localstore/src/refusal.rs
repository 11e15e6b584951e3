//! Every way the store says no, and the S3 code and status each one becomes: one exhaustive match, nothing else
//! translates errors of the disk.

use crate::disk::is_full;
use crate::disk::layout::WriteError;
use crate::disk::manifest::VersionId;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use s3s::{S3Error, S3ErrorCode};
use std::{borrow::Cow, io};

/// Why an operation on the disk did not happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The disk failed, and nothing happened.
    #[error("the disk failed")]
    Io(#[from] io::Error),
    /// The disk failed, and whether the change happened is found out before its key is used again.
    #[error("the disk failed, perhaps after the change")]
    Unsettled(#[source] io::Error),
    /// What is stored was damaged: a record that cannot be read, or bytes that are missing.
    #[error("damaged: {0}")]
    Damaged(String),
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
    /// Whether it is certain that no record was written: only then does nobody name the blobs of the change.
    pub(crate) const fn wrote_nothing(&self) -> bool {
        !matches!(self, Self::Unsettled(_))
    }
}

impl From<WriteError> for Refusal {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Before(error) => Self::Io(error),
            WriteError::Perhaps(error) => Self::Unsettled(error),
        }
    }
}

impl From<Refusal> for S3Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Io(error) => of_io(error),
            Refusal::Unsettled(error) => {
                tracing::error!(%error, "the disk of the store failed, perhaps after a change");
                with_source("The store's disk failed before it was certain what happened; repeat the request.", error)
            }
            Refusal::Damaged(what) => {
                tracing::error!(what, "something in the store is damaged");
                S3Error::with_message(
                    S3ErrorCode::InternalError,
                    format!(
                        "What is stored under this key is damaged ({what}); restore it from a backup, or delete the key."
                    ),
                )
            }
            Refusal::NoSuchBucket => say(S3ErrorCode::NoSuchBucket, "The specified bucket does not exist"),
            Refusal::BucketExists => say(
                S3ErrorCode::BucketAlreadyOwnedByYou,
                "Your previous request to create the named bucket succeeded and you already own it.",
            ),
            Refusal::BucketNotEmpty => say(
                S3ErrorCode::BucketNotEmpty,
                "The bucket you tried to delete is not empty: it still holds objects or versions.",
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

/// The process's limit, or the whole system's.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    let limits = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE];
    limits.iter().any(|limit| error.raw_os_error() == Some(limit.raw_os_error()))
}

fn of_io(error: io::Error) -> S3Error {
    if is_full(&error) {
        tracing::error!(%error, "the disk of the store is full");
        let mut answer = custom(
            "InsufficientStorage",
            StatusCode::INSUFFICIENT_STORAGE,
            "The store's disk is full; free some space and try again.",
        );
        // Room is made by deletes: whoever waits a while may find some.
        answer.set_headers(HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static("10"))]));
        return answer;
    }
    if is_out_of_descriptors(&error) {
        tracing::error!(%error, "the store may open no more files; raise its limit (`ulimit -n`)");
        return say(S3ErrorCode::SlowDown, "The store has as many files open as it may; try again shortly.");
    }
    tracing::error!(%error, "the disk of the store failed");
    with_source("The store's disk failed; see the server's log.", error)
}

fn with_source(message: &'static str, error: io::Error) -> S3Error {
    let mut answer = S3Error::with_message(S3ErrorCode::InternalError, message);
    answer.set_source(Box::new(error));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_want_of_descriptors_passes_and_a_broken_disk_does_not() {
        for (errno, code, status) in [
            (rustix::io::Errno::MFILE, S3ErrorCode::SlowDown, Some(503)),
            (rustix::io::Errno::NFILE, S3ErrorCode::SlowDown, Some(503)),
            (rustix::io::Errno::IO, S3ErrorCode::InternalError, Some(500)),
        ] {
            let error = of_io(errno.into());
            assert_eq!((error.code(), error.status_code().map(|status| status.as_u16())), (&code, status), "{errno}");
        }
    }
}
