//! GetObject, HeadObject and GetObjectAttributes.
//!
//! A body is streamed while its object is held open, one chunk ahead of the client, so a replaced or deleted object is
//! read to its end and never mixed with another.

use super::translate::{self, wire_checksum, wire_values};
use super::{Answer, Protocol, on_disk};
use crate::conditions::{self, ReadConditions, ReadVerdict};
use crate::disk::OpenObject;
use crate::disk::blob::{self, SegmentReader};
use crate::disk::manifest::Segment;
use crate::http_date;
use crate::range::ByteRange;
use crate::refusal::{Refusal, custom};
use crate::verified::Taken;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use s3s::dto::{
    Checksum, ChecksumMode, GetObjectAttributesInput, GetObjectAttributesOutput, GetObjectAttributesParts,
    GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, ObjectPart, StorageClass, StreamingBlob,
};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result};
use std::{io, ops::Range as Span, sync::Arc};

/// Bytes read from the disk at a time.
const CHUNK: usize = 256 * 1024;

/// What a GET or HEAD answers, apart from its body.
struct Found {
    open: OpenObject,
    span: Span<u64>,
    /// Whether the span came from a Range or part number and so is answered with 206.
    partial: bool,
    /// The part asked for.
    part: Option<Segment>,
}

/// What a GET or HEAD asks for.
struct Wanted<'a> {
    bucket: &'a str,
    key: &'a str,
    version: Option<&'a str>,
    part_number: Option<i32>,
    /// Conditions and range.
    taken: &'a Taken,
}

/// What a GET or HEAD asks for; their inputs are two types with the same fields.
macro_rules! wanted {
    ($input:ident, $taken:ident) => {
        Wanted {
            bucket: &$input.bucket,
            key: &$input.key,
            version: $input.version_id.as_deref(),
            part_number: $input.part_number,
            taken: &$taken,
        }
    };
}

fn wants_checksum(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

async fn find(store: &Protocol, wanted: Wanted<'_>) -> S3Result<Found> {
    let bucket = store.bucket(wanted.bucket)?;
    let version = translate::version(wanted.version)?;
    let key = wanted.key.to_owned();
    let layout = bucket.layout().clone();
    let open = on_disk(move || bucket.open(&key, version)).await?;
    let found = judge(open, &wanted)?;
    // A body that breaks off is noticed by few; what can be known before its first byte is said instead of it.
    on_disk(move || match blob::find_damage(&layout, &found.open.record.segments, &found.span)? {
        Some(damage) => Err(Refusal::Damaged(damage)),
        None => Ok(found),
    })
    .await
}

fn judge(open: OpenObject, wanted: &Wanted<'_>) -> S3Result<Found> {
    match ReadConditions::of(wanted.taken).judge(&open.record.etag, open.modified) {
        ReadVerdict::Proceed => {}
        ReadVerdict::Failed(which) => return Err(Refusal::PreconditionFailed(which).into()),
        ReadVerdict::NotModified => return Err(not_modified(&open)),
    }
    // S3 ignores a range that it cannot read, and one for an object that is no longer there.
    let counts = conditions::range_counts(wanted.taken.sent("if-range"), &open.record.etag, open.modified);
    let range = wanted.taken.text("range").filter(|_| counts).and_then(ByteRange::parse);
    match (range, wanted.part_number) {
        (Some(_), Some(_)) => Err(S3Error::with_message(
            S3ErrorCode::InvalidRequest,
            "Cannot specify both Range header and partNumber query parameter",
        )),
        (Some(range), None) => {
            let span = range.of(open.record.size).ok_or_else(|| unsatisfiable(open.record.size))?;
            Ok(Found { open, span, partial: true, part: None })
        }
        (None, Some(number)) => find_part(open, number),
        (None, None) => {
            let span = 0..open.record.size;
            Ok(Found { open, span, partial: false, part: None })
        }
    }
}

/// An object that was not uploaded in parts is its own part 1.
fn find_part(open: OpenObject, number: i32) -> S3Result<Found> {
    let missing = || {
        custom("InvalidPartNumber", StatusCode::RANGE_NOT_SATISFIABLE, "The requested partnumber is not satisfiable")
    };
    if !open.record.etag.is_multipart() {
        if number != 1 {
            return Err(missing());
        }
        let span = 0..open.record.size;
        return Ok(Found { open, span, partial: true, part: None });
    }
    let mut start = 0;
    for segment in &open.record.segments {
        if segment.part.map(i32::from) == Some(number) {
            let (span, part) = (start..start + segment.size, segment.clone());
            return Ok(Found { open, span, partial: true, part: Some(part) });
        }
        start += segment.size;
    }
    Err(missing())
}

fn not_modified(open: &OpenObject) -> S3Error {
    let mut error = S3Error::new(S3ErrorCode::NotModified);
    let mut headers = HeaderMap::new();
    let mut put = |name, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    put(header::ETAG, format!("\"{}\"", open.record.etag));
    put(header::LAST_MODIFIED, http_date::format(open.modified));
    if let Some(cache) = &open.record.headers.cache_control {
        put(header::CACHE_CONTROL, cache.clone());
    }
    error.set_headers(headers);
    error
}

fn unsatisfiable(size: u64) -> S3Error {
    let mut error = S3Error::with_message(S3ErrorCode::InvalidRange, "The requested range is not satisfiable");
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    if let Ok(value) = HeaderValue::try_from(format!("bytes */{size}")) {
        headers.insert(header::CONTENT_RANGE, value);
    }
    error.set_headers(headers);
    error
}

pub(super) async fn get(store: &Protocol, mut req: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
    let taken = Taken::of(&mut req.extensions);
    let input = &req.input;
    let found = find(store, wanted!(input, taken)).await?;
    let mut output = describe(&found, wants_checksum(input.checksum_mode.as_ref()));
    let headers = kept_headers(&found);
    let reader = SegmentReader::new(store.disk.layout().clone(), &found.open.record.segments, found.span.clone());
    output.body = Some(stream(reader, found.open));
    Ok(S3Response::with_headers(output, headers))
}

pub(super) async fn head(store: &Protocol, mut req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
    let taken = Taken::of(&mut req.extensions);
    let input = &req.input;
    let found = find(store, wanted!(input, taken)).await?;
    let get = describe(&found, wants_checksum(input.checksum_mode.as_ref()));
    let output = HeadObjectOutput {
        accept_ranges: get.accept_ranges,
        cache_control: get.cache_control,
        checksum_crc32: get.checksum_crc32,
        checksum_crc32c: get.checksum_crc32c,
        checksum_crc64nvme: get.checksum_crc64nvme,
        checksum_sha1: get.checksum_sha1,
        checksum_sha256: get.checksum_sha256,
        checksum_type: get.checksum_type,
        content_disposition: get.content_disposition,
        content_encoding: get.content_encoding,
        content_language: get.content_language,
        content_length: get.content_length,
        content_range: get.content_range,
        content_type: get.content_type,
        e_tag: get.e_tag,
        last_modified: get.last_modified,
        metadata: get.metadata,
        parts_count: get.parts_count,
        version_id: get.version_id,
        website_redirect_location: get.website_redirect_location,
        ..HeadObjectOutput::default()
    };
    Ok(S3Response::with_headers(output, kept_headers(&found)))
}

/// What s3s would write in another form, or not at all for HEAD: `Expires` as it was given, and the number of tags.
fn kept_headers(found: &Found) -> HeaderMap {
    let object = &found.open.record;
    let mut headers = HeaderMap::new();
    if let Some(expires) = object.headers.expires().and_then(|text| HeaderValue::try_from(text).ok()) {
        headers.insert(header::EXPIRES, expires);
    }
    if !object.tags.is_empty() {
        headers.insert("x-amz-tagging-count", HeaderValue::from(object.tags.len()));
    }
    headers
}

fn describe(found: &Found, with_checksum: bool) -> GetObjectOutput {
    let object = &found.open.record;
    let headers = &object.headers;
    let length = found.span.end - found.span.start;
    let whole = length == object.size;
    let fields = match (&found.part, &object.checksum) {
        (Some(part), Some(checksum)) if with_checksum => {
            let mut values = part.checksums.clone();
            values.retain(|algorithm, _| *algorithm == checksum.algorithm);
            Checksum { checksum_type: Some(translate::wire_kind(checksum.kind)), ..wire_values(&values) }
        }
        (None, Some(checksum)) if with_checksum && whole => wire_checksum(checksum),
        _ => Checksum::default(),
    };
    let shows_range = found.partial && length > 0;
    let parts = object.etag.is_multipart().then_some(object.segments.len());
    GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control: headers.cache_control.clone(),
        checksum_crc32: fields.checksum_crc32,
        checksum_crc32c: fields.checksum_crc32c,
        checksum_crc64nvme: fields.checksum_crc64nvme,
        checksum_sha1: fields.checksum_sha1,
        checksum_sha256: fields.checksum_sha256,
        checksum_type: fields.checksum_type,
        content_disposition: headers.content_disposition.clone(),
        content_encoding: headers.content_encoding.clone(),
        content_language: headers.content_language.clone(),
        content_length: i64::try_from(length).ok(),
        content_range: shows_range
            .then(|| format!("bytes {}-{}/{}", found.span.start, found.span.end - 1, object.size)),
        content_type: Some(headers.content_type.clone().unwrap_or_else(|| "binary/octet-stream".to_owned())),
        e_tag: Some(translate::wire_etag(object.etag)),
        last_modified: Some(translate::wire_time(found.open.modified)),
        metadata: Some(headers.metadata.clone().into_iter().collect()),
        parts_count: parts.filter(|_| found.part.is_some()).and_then(|n| i32::try_from(n).ok()),
        version_id: translate::wire_version(found.open.version),
        website_redirect_location: headers.website_redirect.clone(),
        ..GetObjectOutput::default()
    }
}

type Reading = tokio::task::JoinHandle<(SegmentReader, io::Result<Option<Bytes>>)>;

fn read_on(mut reader: SegmentReader) -> Reading {
    tokio::task::spawn_blocking(move || {
        let chunk = reader.next(CHUNK);
        (reader, chunk)
    })
}

/// The body: while one chunk is sent the next is read. The lease ends with the stream.
fn stream(reader: SegmentReader, open: OpenObject) -> StreamingBlob {
    let lease = Arc::new(open.lease);
    let chunks = futures::stream::try_unfold((read_on(reader), lease), |(reading, lease)| async move {
        let (reader, chunk) = reading.await.map_err(io::Error::other)?;
        let Some(bytes) = chunk.inspect_err(|error| tracing::error!(%error, "a blob cannot be read"))? else {
            return Ok::<_, io::Error>(None);
        };
        Ok(Some((bytes, (read_on(reader), lease))))
    });
    StreamingBlob::wrap(chunks)
}

pub(super) async fn attributes(store: &Protocol, input: GetObjectAttributesInput) -> Answer<GetObjectAttributesOutput> {
    let wanted: Vec<String> = input
        .object_attributes
        .iter()
        .flat_map(|list| list.as_str().split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>())
        .collect();
    const KNOWN: [&str; 5] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
    if let Some(unknown) = wanted.iter().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidArgument,
            format!("Invalid attribute name specified: {unknown}"),
        ));
    }
    let asks = |name: &str| wanted.iter().any(|wanted| wanted == name);
    let bucket = store.bucket(&input.bucket)?;
    let version = translate::version(input.version_id.as_deref())?;
    let key = input.key.clone();
    let open = on_disk(move || bucket.open(&key, version)).await?;
    let object = &open.record;
    let parts = (asks("ObjectParts") && object.etag.is_multipart()).then(|| parts_of(&open, &input));
    Ok(S3Response::new(GetObjectAttributesOutput {
        checksum: object.checksum.as_ref().filter(|_| asks("Checksum")).map(wire_checksum),
        // Shown without quotes here and only here: `verified` takes them away.
        e_tag: asks("ETag").then(|| translate::wire_etag(object.etag)),
        last_modified: Some(translate::wire_time(open.modified)),
        object_parts: parts,
        object_size: i64::try_from(object.size).ok().filter(|_| asks("ObjectSize")),
        storage_class: asks("StorageClass").then(|| StorageClass::from_static(StorageClass::STANDARD)),
        version_id: translate::wire_version(open.version),
        ..GetObjectAttributesOutput::default()
    }))
}

fn parts_of(open: &OpenObject, input: &GetObjectAttributesInput) -> GetObjectAttributesParts {
    let limit = input.max_parts.and_then(|n| usize::try_from(n).ok()).unwrap_or(1_000).min(1_000);
    let marker = input.part_number_marker.unwrap_or(0);
    let segments = &open.record.segments;
    let kind = open.record.checksum.as_ref().map(|checksum| checksum.algorithm);
    let behind = segments.iter().filter(|segment| segment.part.map(i32::from) > Some(marker));
    let parts: Vec<ObjectPart> = behind
        .clone()
        .take(limit)
        .map(|segment| {
            let mut values = segment.checksums.clone();
            values.retain(|algorithm, _| Some(*algorithm) == kind);
            let fields = wire_values(&values);
            ObjectPart {
                checksum_crc32: fields.checksum_crc32,
                checksum_crc32c: fields.checksum_crc32c,
                checksum_crc64nvme: fields.checksum_crc64nvme,
                checksum_sha1: fields.checksum_sha1,
                checksum_sha256: fields.checksum_sha256,
                part_number: segment.part.map(i32::from),
                size: i64::try_from(segment.size).ok(),
            }
        })
        .collect();
    GetObjectAttributesParts {
        is_truncated: Some(behind.count() > limit),
        max_parts: i32::try_from(limit).ok(),
        next_part_number_marker: parts.last().and_then(|part| part.part_number),
        part_number_marker: Some(marker),
        parts: Some(parts),
        total_parts_count: i32::try_from(segments.len()).ok(),
    }
}
