//! Copies: a whole object by hard links, a part by reading and writing.

use super::multipart::part_number;
use super::translate::{self, wire_etag, wire_time, wire_values};
use super::write::headers_of;
use super::{Answer, Protocol, on_disk};
use crate::checksum::{Algorithm, Digests, Hashes, Kind, ObjectChecksum, Values};
use crate::conditions::{ReadConditions, ReadVerdict, WriteCondition};
use crate::disk::blob::{self, BlobWriter, SegmentReader};
use crate::disk::bucket::Bucket;
use crate::disk::layout::Layout;
use crate::disk::manifest::{Id, ObjectRecord, Segment};
use crate::disk::{NewObject, OpenObject};
use crate::etag::EntityTag;
use crate::range::ByteRange;
use crate::refusal::Refusal;
use crate::verified::Taken;
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopyPartResult, CopySource, MetadataDirective,
    TaggingDirective, UploadPartCopyInput, UploadPartCopyOutput,
};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result};
use std::{collections::BTreeSet, io, ops::Range as Span, sync::Arc};

/// Bytes read at a time.
const CHUNK: usize = 1024 * 1024;
/// CopyObject takes objects of up to 5 GiB, and a copied part is no larger.
const MAX_COPY: u64 = 5 * 1024 * 1024 * 1024;

struct Source {
    bucket: Arc<Bucket>,
    name: String,
    key: String,
    open: OpenObject,
}

async fn source(store: &Protocol, named: CopySource, conditions: ReadConditions) -> S3Result<Source> {
    let CopySource::Bucket { bucket: name, key, version_id } = named else {
        return Err(S3Error::with_message(
            S3ErrorCode::NotImplemented,
            "A copy's source is named as /bucket/key here.",
        ));
    };
    let bucket = store.bucket(&name)?;
    let version = translate::version(version_id.as_deref())?;
    let (opened, wanted) = (Arc::clone(&bucket), key.to_string());
    let open = on_disk(move || opened.open(&wanted, version)).await?;
    match conditions.judge(&open.record.etag, open.modified) {
        ReadVerdict::Proceed => Ok(Source { bucket, name: name.into(), key: key.into(), open }),
        // A copy is a write: what would be 304 for a read is a failed precondition.
        ReadVerdict::NotModified => Err(Refusal::PreconditionFailed("x-amz-copy-source-If-None-Match").into()),
        ReadVerdict::Failed(_) => Err(Refusal::PreconditionFailed("x-amz-copy-source-If-Match").into()),
    }
}

pub(super) async fn object(store: &Protocol, mut req: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
    let taken = Taken::of(&mut req.extensions);
    let condition = WriteCondition::of(&taken)?;
    let input = req.input;
    let target = store.bucket(&input.bucket)?;
    let source = source(store, input.copy_source.clone(), ReadConditions::of_source(&taken)).await?;
    let replaces_headers = input.metadata_directive.as_ref().is_some_and(|d| d.as_str() == MetadataDirective::REPLACE);
    let replaces_tags = input.tagging_directive.as_ref().is_some_and(|d| d.as_str() == TaggingDirective::REPLACE);
    let onto_itself = source.name == input.bucket && source.key == input.key;
    if onto_itself && !replaces_headers && !replaces_tags && input.checksum_algorithm.is_none() {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    if source.open.record.size > MAX_COPY {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidRequest,
            "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
        ));
    }
    let from = &source.open.record;
    let headers = if replaces_headers { headers_of!(input, taken)? } else { from.headers.clone() };
    let tags = if replaces_tags { translate::tags_of_header(input.tagging.as_deref())? } else { from.tags.clone() };
    let wanted = input.checksum_algorithm.as_ref().map(|a| translate::algorithm(a.as_str())).transpose()?;
    let source_version = translate::wire_version(source.open.version);
    let key = input.key;
    let (written, etag, checksum) = on_disk(move || {
        let layout = source.bucket.layout();
        layout.require_room(0)?;
        let (etag, checksum) = identity(layout, &source.open.record, wanted)?;
        let segments = link_all(layout, &source.open.record.segments)?;
        let size = source.open.record.size;
        let object = NewObject { etag, size, checksum: Some(checksum.clone()), headers, tags, segments, upload: None };
        let written = target.commit(&key, object, &condition)?;
        Ok((written, etag, checksum))
    })
    .await?;
    let fields = translate::wire_checksum(&checksum);
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result: Some(CopyObjectResult {
            checksum_crc32: fields.checksum_crc32,
            checksum_crc32c: fields.checksum_crc32c,
            checksum_crc64nvme: fields.checksum_crc64nvme,
            checksum_sha1: fields.checksum_sha1,
            checksum_sha256: fields.checksum_sha256,
            checksum_type: fields.checksum_type,
            e_tag: Some(wire_etag(etag)),
            last_modified: Some(wire_time(written.modified)),
        }),
        copy_source_version_id: source_version,
        version_id: translate::wire_version(written.version),
        ..CopyObjectOutput::default()
    }))
}

/// The copy's tag and checksum. A copy is a single object on S3 even of one that was uploaded in parts, so what the
/// source's parts do not tell is computed by reading its bytes once.
fn identity(
    layout: &Layout,
    from: &ObjectRecord,
    wanted: Option<Algorithm>,
) -> Result<(EntityTag, ObjectChecksum), Refusal> {
    let kept = from.checksum.clone().filter(|c| c.kind == Kind::FullObject && wanted.is_none_or(|w| w == c.algorithm));
    if let Some(checksum) = &kept
        && !from.etag.is_multipart()
    {
        return Ok((from.etag, checksum.clone()));
    }
    let algorithm =
        wanted.or(from.checksum.as_ref().map(|checksum| checksum.algorithm)).unwrap_or(Algorithm::Crc64nvme);
    let mut digests = read_through(layout, from)(algorithm)?;
    let etag = if from.etag.is_multipart() { EntityTag::of_md5(digests.md5) } else { from.etag };
    let value = digests.values.remove(&algorithm).unwrap_or_default();
    Ok((etag, ObjectChecksum { algorithm, kind: Kind::FullObject, value }))
}

fn read_through<'a>(layout: &'a Layout, from: &'a ObjectRecord) -> impl FnOnce(Algorithm) -> io::Result<Digests> + 'a {
    move |algorithm| {
        let mut hashes = Hashes::new([algorithm]);
        let mut reader = SegmentReader::new(layout.clone(), &from.segments, 0..from.size);
        while let Some(bytes) = reader.next(CHUNK)? {
            hashes.update(&bytes);
        }
        Ok(hashes.finish())
    }
}

fn link_all(layout: &Layout, segments: &[Segment]) -> Result<Vec<Segment>, Refusal> {
    let mut linked = Vec::with_capacity(segments.len());
    for segment in segments {
        match blob::link(layout, segment.blob) {
            Ok(blob) => linked.push(Segment { blob, size: segment.size, part: None, checksums: Values::new() }),
            Err(error) => {
                let made: Vec<Id> = linked.iter().map(|segment: &Segment| segment.blob).collect();
                blob::discard(layout, &made);
                return Err(error.into());
            }
        }
    }
    Ok(linked)
}

pub(super) async fn part(store: &Protocol, mut req: S3Request<UploadPartCopyInput>) -> Answer<UploadPartCopyOutput> {
    let taken = Taken::of(&mut req.extensions);
    let input = req.input;
    let number = part_number(input.part_number)?;
    let target = store.bucket(&input.bucket)?;
    let upload = target.upload(&input.key, &input.upload_id)?;
    upload.refuse_if_over()?;
    let source = source(store, input.copy_source.clone(), ReadConditions::of_source(&taken)).await?;
    let span = copied_span(input.copy_source_range.as_deref(), source.open.record.size)?;
    let source_version = translate::wire_version(source.open.version);
    let declared = upload.record.checksum.map(|checksum| checksum.algorithm);
    let part = on_disk(move || {
        let algorithms: BTreeSet<Algorithm> = declared.into_iter().chain([Algorithm::Crc64nvme]).collect();
        let mut writer = BlobWriter::create(target.layout().clone(), algorithms, span.end - span.start)?;
        let mut reader = SegmentReader::new(target.layout().clone(), &source.open.record.segments, span);
        while let Some(bytes) = reader.next(CHUNK)? {
            writer.append(&[bytes])?;
        }
        target.add_part(&upload, number, writer.seal()?)
    })
    .await?;
    store.announcer.part(&input.bucket, &input.key, number);
    let mut values = part.checksums.clone();
    values.retain(|algorithm, _| Some(*algorithm) == declared);
    let fields = wire_values(&values);
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result: Some(CopyPartResult {
            checksum_crc32: fields.checksum_crc32,
            checksum_crc32c: fields.checksum_crc32c,
            checksum_crc64nvme: fields.checksum_crc64nvme,
            checksum_sha1: fields.checksum_sha1,
            checksum_sha256: fields.checksum_sha256,
            e_tag: Some(wire_etag(part.etag)),
            last_modified: Some(wire_time(part.modified)),
        }),
        copy_source_version_id: source_version,
        ..UploadPartCopyOutput::default()
    }))
}

/// `bytes=first-last`, both given and inside the source, as S3 wants it here.
fn copied_span(range: Option<&str>, size: u64) -> S3Result<Span<u64>> {
    let refuse = |message: String| S3Error::with_message(S3ErrorCode::InvalidArgument, message);
    let span = match range {
        None => 0..size,
        Some(text) => match ByteRange::parse(text) {
            Some(ByteRange::From { first, last: Some(last) }) if last < size => first..last + 1,
            Some(ByteRange::From { last: Some(_), .. }) => {
                return Err(refuse(format!("Range specified is not valid for source object of size: {size}")));
            }
            Some(_) | None => {
                return Err(refuse(
                    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are \
                     the zero-based offsets of the first and last bytes to copy"
                        .to_owned(),
                ));
            }
        },
    };
    if span.end - span.start > MAX_COPY {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidRequest,
            "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
        ));
    }
    Ok(span)
}
