//! Bodies coming in: streamed to the disk in bounded memory, hashed on the way, and checked against what was promised.
//!
//! While one batch is hashed and written off the asynchronous threads, the next is received; a slow client holds no
//! thread. An upload holds two batches at most.

use super::{on_disk, translate};
use crate::checksum::{Algorithm, Digests, Values};
use crate::chunks::BadFrame;
use crate::disk::blob::{BlobWriter, SealedBlob};
use crate::disk::layout::Layout;
use crate::refusal::{Refusal, custom};
use bytes::Bytes;
use data_encoding::BASE64;
use futures::{Stream, StreamExt};
use http::{HeaderMap, HeaderName, StatusCode, header};
use s3s::{S3Error, S3ErrorCode, S3Result, StdError, TrailingHeaders};
use std::{collections::BTreeSet, ops::RangeInclusive};
use tokio::task::JoinHandle;

/// Bytes gathered before they are handed to the disk.
const BATCH: usize = 256 * 1024;
/// The largest body of one PUT, and the largest part: 5 GiB.
pub(crate) const MAX_BODY: u64 = 5 * 1024 * 1024 * 1024;

/// What a request promises about its body.
#[derive(Debug, Default)]
pub(crate) struct Promise {
    length: Option<u64>,
    md5: Option<[u8; 16]>,
    /// Values that came in headers.
    pub(super) values: Values,
    /// The algorithm whose value comes behind the body.
    trailer: Option<Algorithm>,
}

impl Promise {
    /// Reads what headers promise. The length is that of the decoded body: s3s sets the header to it.
    pub(crate) fn of_headers(headers: &HeaderMap) -> S3Result<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let length = match text(header::CONTENT_LENGTH.as_str()) {
            Some(length) => Some(length.parse::<u64>().map_err(|_| invalid("the Content-Length is not a number"))?),
            None => None,
        };
        let value = |algorithm: Algorithm| Some((algorithm, text(algorithm.header())?.to_owned()));
        let values: Values = Algorithm::ALL.into_iter().filter_map(value).collect();
        if length.is_some_and(|length| length > MAX_BODY) {
            return Err(too_large());
        }
        let md5 = text("content-md5").map(|text| {
            BASE64.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
                S3Error::with_message(S3ErrorCode::InvalidDigest, "The Content-MD5 you specified is not valid.")
            })
        });
        let trailer = announced(headers, &values)?;
        if values.len() + usize::from(trailer.is_some()) > 1 {
            return Err(invalid("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."));
        }
        if let Some((algorithm, _)) = values.iter().find(|(algorithm, value)| !algorithm.is_well_formed(value)) {
            return Err(invalid(&format!("Value for {} header is invalid.", algorithm.header())));
        }
        let promise = Self { length, md5: md5.transpose()?, values, trailer };
        // That it is not named without a value is checked by [`crate::contract`].
        match (text("x-amz-sdk-checksum-algorithm").map(translate::algorithm).transpose()?, promise.algorithm()) {
            (Some(named), Some(brought)) if named != brought => {
                Err(invalid("Value for x-amz-sdk-checksum-algorithm header is invalid."))
            }
            _ => Ok(promise),
        }
    }

    /// The algorithm the client cares about, if any.
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        self.values.keys().next().copied().or(self.trailer)
    }

    /// Whether a value came, or is to come in a trailer.
    pub(super) fn brings_value(&self) -> bool {
        !self.values.is_empty() || self.trailer.is_some()
    }

    /// A plain body without a length is refused, as on AWS.
    pub(super) fn require_length(&self) -> S3Result<()> {
        match self.length {
            Some(_) => Ok(()),
            None => Err(S3Error::with_message(
                S3ErrorCode::MissingContentLength,
                "You must provide the Content-Length HTTP header.",
            )),
        }
    }

    /// Holds the promises against what came.
    pub(crate) fn verify(&self, size: u64, found: &Digests, trailers: Option<&TrailingHeaders>) -> S3Result<()> {
        if self.length.is_some_and(|length| length != size) {
            return Err(incomplete());
        }
        if self.md5.is_some_and(|md5| md5 != found.md5) {
            return Err(bad_digest("The Content-MD5 you specified did not match what we received."));
        }
        let mut values = self.values.clone();
        let has_others = |map: &HeaderMap| {
            let mut names = map.keys().map(HeaderName::as_str);
            names.any(|name| name != "x-amz-trailer-signature" && Some(name) != self.trailer.map(Algorithm::header))
        };
        if trailers.and_then(|trailers| trailers.read(has_others)) == Some(true) {
            return Err(bad_trailer("The body has a trailer that was not announced."));
        }
        if let Some(algorithm) = self.trailer {
            let sent = trailers.and_then(|t| t.read(|map| map.get(algorithm.header()).cloned()).flatten());
            let Some(sent) = sent.and_then(|value| value.to_str().ok().map(|text| text.trim().to_owned())) else {
                let header = algorithm.header();
                return Err(bad_trailer(&format!("The trailer {header} was announced and did not come.")));
            };
            values.insert(algorithm, sent);
        }
        for (algorithm, value) in &values {
            if found.values.get(algorithm) != Some(value) {
                return Err(bad_digest(&format!(
                    "The {} you specified did not match what we received.",
                    algorithm.name()
                )));
            }
        }
        Ok(())
    }
}

/// The algorithm whose value is to come in a trailer. Some clients announce one and send its value as a header, with chunks
/// that have no trailers.
fn announced(headers: &HeaderMap, values: &Values) -> S3Result<Option<Algorithm>> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(name) = text("x-amz-trailer").map(str::trim).filter(|name| !name.is_empty()) else { return Ok(None) };
    let found = Algorithm::ALL.into_iter().find(|algorithm| algorithm.header().eq_ignore_ascii_case(name));
    let Some(algorithm) = found else {
        return Err(invalid("The value specified in the x-amz-trailer header is not supported."));
    };
    let has_trailers = text("x-amz-content-sha256").is_some_and(|kind| kind.ends_with("-TRAILER"));
    Ok(Some(algorithm).filter(|_| has_trailers || !values.contains_key(&algorithm)))
}

fn bad_trailer(message: &str) -> S3Error {
    custom("MalformedTrailerError", StatusCode::BAD_REQUEST, message.to_owned())
}

/// A blob's writer, at hand or busy with a batch.
enum Writer {
    Idle(Box<BlobWriter>),
    Busy(JoinHandle<Result<Box<BlobWriter>, Refusal>>),
}

impl Writer {
    /// Waits for the batch under way.
    async fn idle(self) -> S3Result<Box<BlobWriter>> {
        match self {
            Self::Idle(writer) => Ok(writer),
            Self::Busy(running) => match running.await {
                Ok(writer) => Ok(writer?),
                Err(panic) => Err(S3Error::internal_error(panic)),
            },
        }
    }

    /// Starts on a batch when the one before is done.
    async fn append(self, batch: Vec<Bytes>) -> S3Result<Self> {
        let mut writer = self.idle().await?;
        Ok(Self::Busy(tokio::task::spawn_blocking(move || {
            writer.append(&batch)?;
            Ok(writer)
        })))
    }
}

/// Streams a body of a size in `sizes` to the disk, under a temporary name. If the body breaks or the request is dropped,
/// nothing stays.
pub(super) async fn receive<S, E>(
    layout: Layout,
    body: Option<S>,
    algorithms: BTreeSet<Algorithm>,
    sizes: &RangeInclusive<u64>,
) -> S3Result<SealedBlob>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<StdError>,
{
    let expected = *sizes.start();
    let mut writer =
        Writer::Idle(on_disk(move || Ok(Box::new(BlobWriter::create(layout, algorithms, expected)?))).await?);
    let (mut batch, mut gathered, mut total) = (Vec::new(), 0, 0_u64);
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| broken_body(&*error.into()))?;
            gathered += chunk.len();
            total += chunk.len() as u64;
            if total > *sizes.end() {
                return Err(too_large());
            }
            batch.push(chunk);
            if gathered >= BATCH {
                writer = writer.append(std::mem::take(&mut batch)).await?;
                gathered = 0;
            }
        }
    }
    if total < *sizes.start() {
        return Err(S3Error::with_message(
            S3ErrorCode::EntityTooSmall,
            "Your proposed upload is smaller than the minimum allowed size.",
        ));
    }
    let mut writer = writer.idle().await?;
    on_disk(move || {
        writer.append(&batch)?;
        Ok(writer.seal()?)
    })
    .await
}

/// What became of a body that broke off. s3s tells its own findings only by their text.
pub(crate) fn broken_body(error: &(dyn std::error::Error + Send + Sync + 'static)) -> S3Error {
    let text = error.to_string();
    if let Some(bad) = BadFrame::ALL.into_iter().find(|bad| text.contains(&bad.to_string())) {
        return match bad {
            BadFrame::Unclosed => incomplete(),
            BadFrame::Malformed | BadFrame::TooLarge => {
                invalid(&format!("The body is not as aws-chunked wants it: {bad}."))
            }
        };
    }
    if text.contains("Sha256Mismatch") {
        return custom(
            "XAmzContentSHA256Mismatch",
            StatusCode::BAD_REQUEST,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        );
    }
    if text.contains("SignatureMismatch") {
        return S3Error::with_message(
            S3ErrorCode::SignatureDoesNotMatch,
            "The signature of a chunk of the body does not match.",
        );
    }
    tracing::debug!(error = text, "a body broke off");
    incomplete()
}

fn incomplete() -> S3Error {
    S3Error::with_message(
        S3ErrorCode::IncompleteBody,
        "You did not provide the number of bytes specified by the Content-Length HTTP header.",
    )
}

fn too_large() -> S3Error {
    S3Error::with_message(
        S3ErrorCode::EntityTooLarge,
        "Your proposed upload exceeds the maximum allowed size of 5 GiB; upload it in parts.",
    )
}

fn invalid(message: &str) -> S3Error {
    S3Error::with_message(S3ErrorCode::InvalidRequest, message.to_owned())
}

fn bad_digest(message: &str) -> S3Error {
    S3Error::with_message(S3ErrorCode::BadDigest, message.to_owned())
}
