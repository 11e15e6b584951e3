//! Multipart uploads on the wire. What Complete demands is checked here, over the parts as they are under the upload's
//! lock; what it does is the disk's.

use super::ingest::{self, MAX_BODY, Promise};
use super::translate::{self, values_of, wire_etag, wire_time, wire_values};
use super::write::headers_of;
use super::{Answer, Protocol, on_disk};
use crate::checksum::{self, Algorithm, Kind, ObjectChecksum, PartValue, Values};
use crate::clock;
use crate::conditions::WriteCondition;
use crate::disk::NewObject;
use crate::disk::manifest::{Completion, DeclaredChecksum, PartRecord, UploadRecord};
use crate::disk::uploads::{Finish, Upload, segment_of};
use crate::etag::EntityTag;
use crate::refusal::Refusal;
use crate::verified::Taken;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Checksum, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, Initiator, ListPartsInput, ListPartsOutput, Part, StorageClass, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Every part but the last has at least 5 MiB.
const MIN_PART: u64 = 5 * 1024 * 1024;
const MAX_PART_NUMBER: u16 = 10_000;
/// Parts on one page of ListParts.
const MAX_PARTS_PAGE: usize = 1_000;

pub(super) async fn create(
    store: &Protocol,
    mut req: S3Request<CreateMultipartUploadInput>,
) -> Answer<CreateMultipartUploadOutput> {
    let taken = Taken::of(&mut req.extensions);
    let input = req.input;
    let bucket = store.bucket(&input.bucket)?;
    let checksum = declared(input.checksum_algorithm.as_ref(), input.checksum_type.as_ref())?;
    let record = UploadRecord {
        key: input.key.clone(),
        initiated: clock::now(),
        headers: headers_of!(input, taken)?,
        tags: translate::tags_of_header(input.tagging.as_deref())?,
        checksum,
        completion: None,
    };
    let upload = on_disk(move || bucket.create_upload(record)).await?;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(upload.id.to_string()),
        checksum_algorithm: checksum.map(|c| translate::wire_algorithm(c.algorithm)),
        checksum_type: checksum.map(|c| translate::wire_kind(c.kind)),
        ..CreateMultipartUploadOutput::default()
    }))
}

fn declared(algorithm: Option<&ChecksumAlgorithm>, kind: Option<&ChecksumType>) -> S3Result<Option<DeclaredChecksum>> {
    let refuse = |message: String| Err(S3Error::with_message(S3ErrorCode::InvalidRequest, message));
    let Some(algorithm) = algorithm else {
        return if kind.is_some() {
            refuse(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.".to_owned(),
            )
        } else {
            Ok(None)
        };
    };
    let algorithm = translate::algorithm(algorithm.as_str())?;
    let kind = match kind {
        None => algorithm.default_kind(),
        Some(kind) => match Kind::parse(kind.as_str()) {
            Some(kind) => kind,
            None => return refuse("Value for x-amz-checksum-type header is invalid.".to_owned()),
        },
    };
    if !algorithm.supports(kind) {
        return refuse(format!(
            "The {} checksum type cannot be used with the {} checksum algorithm.",
            kind.name(),
            algorithm.name()
        ));
    }
    Ok(Some(DeclaredChecksum { algorithm, kind }))
}

/// 1..=10,000, or what AWS says to anything else.
pub(super) fn part_number(number: i32) -> S3Result<u16> {
    let parsed = u16::try_from(number).ok().filter(|number| (1..=MAX_PART_NUMBER).contains(number));
    parsed.ok_or_else(|| {
        S3Error::with_message(
            S3ErrorCode::InvalidArgument,
            "Part number must be an integer between 1 and 10000, inclusive",
        )
    })
}

/// The algorithms a part is hashed with: the upload's, the client's, and CRC64NVME, which costs nearly nothing and gives
/// every object a full checksum.
fn part_algorithms(upload: &Upload, sent: Option<Algorithm>) -> BTreeSet<Algorithm> {
    let declared = upload.record.checksum.map(|checksum| checksum.algorithm);
    declared.into_iter().chain(sent).chain([Algorithm::Crc64nvme]).collect()
}

pub(super) async fn upload_part(store: &Protocol, mut req: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
    let body = req.input.body.take();
    let input = &req.input;
    let number = part_number(input.part_number)?;
    let bucket = store.bucket(&input.bucket)?;
    let upload = bucket.upload(&input.key, &input.upload_id)?;
    upload.refuse_if_over()?;
    let promise = Promise::of_headers(&req.headers)?;
    promise.require_length()?;
    check_part_checksum(&upload, &promise)?;
    let algorithms = part_algorithms(&upload, promise.algorithm());
    let sealed = ingest::receive(bucket.layout().clone(), body, algorithms, &(0..=MAX_BODY)).await?;
    promise.verify(sealed.size, &sealed.digests, req.extensions.get())?;
    let shown = upload.record.checksum.map(|c| c.algorithm).or(promise.algorithm());
    let part = on_disk(move || bucket.add_part(&upload, number, sealed)).await?;
    store.announcer.part(&req.input.bucket, &req.input.key, number);
    let fields = shown_values(&part, shown);
    Ok(S3Response::new(UploadPartOutput {
        e_tag: Some(wire_etag(part.etag)),
        checksum_crc32: fields.checksum_crc32,
        checksum_crc32c: fields.checksum_crc32c,
        checksum_crc64nvme: fields.checksum_crc64nvme,
        checksum_sha1: fields.checksum_sha1,
        checksum_sha256: fields.checksum_sha256,
        ..UploadPartOutput::default()
    }))
}

fn check_part_checksum(upload: &Upload, promise: &Promise) -> S3Result<()> {
    let Some(declared) = upload.record.checksum else { return Ok(()) };
    let refuse = |message: String| Err(S3Error::with_message(S3ErrorCode::InvalidRequest, message));
    match promise.algorithm() {
        Some(sent) if sent != declared.algorithm => refuse(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            declared.algorithm.name().to_lowercase(),
            sent.name().to_lowercase()
        )),
        _ if declared.kind == Kind::Composite && !promise.brings_value() => refuse(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: null",
            declared.algorithm.name().to_lowercase()
        )),
        _ => Ok(()),
    }
}

fn shown_values(part: &PartRecord, algorithm: Option<Algorithm>) -> Checksum {
    let mut values = part.checksums.clone();
    values.retain(|found, _| Some(*found) == algorithm);
    wire_values(&values)
}

pub(super) async fn list_parts(store: &Protocol, input: ListPartsInput) -> Answer<ListPartsOutput> {
    let bucket = store.bucket(&input.bucket)?;
    let upload = bucket.upload(&input.key, &input.upload_id)?;
    let asked = Arc::clone(&upload);
    let parts = on_disk(move || bucket.parts(&asked)).await?;
    let limit = input.max_parts.and_then(|n| usize::try_from(n).ok()).unwrap_or(MAX_PARTS_PAGE).min(MAX_PARTS_PAGE);
    let marker = input.part_number_marker.unwrap_or(0);
    let algorithm = upload.record.checksum.map(|c| c.algorithm);
    let behind: Vec<_> = parts.iter().filter(|(number, _)| i32::from(**number) > marker).collect();
    let shown: Vec<Part> = behind
        .iter()
        .take(limit)
        .map(|(number, part)| {
            let fields = shown_values(part, algorithm);
            Part {
                checksum_crc32: fields.checksum_crc32,
                checksum_crc32c: fields.checksum_crc32c,
                checksum_crc64nvme: fields.checksum_crc64nvme,
                checksum_sha1: fields.checksum_sha1,
                checksum_sha256: fields.checksum_sha256,
                e_tag: Some(wire_etag(part.etag)),
                last_modified: Some(wire_time(part.modified)),
                part_number: Some(i32::from(**number)),
                size: i64::try_from(part.size).ok(),
            }
        })
        .collect();
    let owner = translate::owner();
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        checksum_algorithm: algorithm.map(translate::wire_algorithm),
        checksum_type: upload.record.checksum.map(|c| translate::wire_kind(c.kind)),
        initiator: Some(Initiator { display_name: owner.display_name.clone(), id: owner.id.clone() }),
        owner: Some(owner),
        is_truncated: Some(behind.len() > limit),
        max_parts: i32::try_from(limit).ok(),
        next_part_number_marker: shown.last().and_then(|part| part.part_number).or(Some(0)),
        part_number_marker: Some(marker),
        parts: Some(shown),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        ..ListPartsOutput::default()
    }))
}

pub(super) async fn abort(store: &Protocol, input: AbortMultipartUploadInput) -> Answer<AbortMultipartUploadOutput> {
    let bucket = store.bucket(&input.bucket)?;
    on_disk(move || match bucket.upload(&input.key, &input.upload_id) {
        Ok(upload) => bucket.abort_upload(&upload),
        Err(Refusal::Damaged(_)) => bucket.abort_damaged(&input.key, &input.upload_id),
        Err(refusal) => Err(refusal),
    })
    .await?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

/// A part as Complete names it.
struct Named {
    number: u16,
    etag: String,
    values: Values,
}

/// What Complete demands.
struct Demand {
    parts: Vec<Named>,
    values: Values,
    kind: Option<Kind>,
    size: Option<u64>,
    condition: WriteCondition,
}

impl Demand {
    fn of(input: &CompleteMultipartUploadInput, condition: WriteCondition) -> S3Result<Self> {
        let malformed = |message| S3Error::with_message(S3ErrorCode::MalformedXML, message);
        let listed = input.multipart_upload.as_ref().and_then(|upload| upload.parts.as_deref()).unwrap_or_default();
        if listed.is_empty() {
            return Err(malformed("The XML you provided was not well-formed: you must specify at least one part"));
        }
        if listed.len() > usize::from(MAX_PART_NUMBER) {
            return Err(malformed("An upload has at most 10000 parts"));
        }
        let mut parts = Vec::with_capacity(listed.len());
        for part in listed {
            let number = part.part_number.ok_or_else(|| malformed("A part lacks its PartNumber"))?;
            let etag = part.e_tag.as_ref().ok_or_else(|| malformed("A part lacks its ETag"))?;
            // A weak tag is the tag of no part.
            let etag = etag.as_strong().map_or_else(|| format!("W/{}", etag.value()), str::to_owned);
            parts.push(Named { number: part_number(number)?, etag, values: values_of!(part) });
        }
        if !parts.is_sorted_by(|a, b| a.number < b.number) {
            return Err(Refusal::InvalidPartOrder.into());
        }
        let kind = input.checksum_type.as_ref().map(|kind| {
            Kind::parse(kind.as_str()).ok_or_else(|| {
                S3Error::with_message(S3ErrorCode::InvalidRequest, "Value for x-amz-checksum-type header is invalid.")
            })
        });
        Ok(Self {
            parts,
            values: values_of!(input),
            kind: kind.transpose()?,
            size: input.mpu_object_size.and_then(|size| u64::try_from(size).ok()),
            condition,
        })
    }

    fn is_same(&self, completion: &Completion) -> bool {
        let mut pairs = self.parts.iter().zip(&completion.parts);
        self.parts.len() == completion.parts.len()
            && pairs.all(|(named, (number, etag))| named.number == *number && named.etag == etag.to_string())
    }

    /// What to make of the parts that are there.
    fn judge(&self, upload: &Upload, there: &BTreeMap<u16, PartRecord>) -> Result<Finish, Refusal> {
        let mut chosen = Vec::with_capacity(self.parts.len());
        for named in &self.parts {
            let part = there
                .get(&named.number)
                .filter(|part| part.etag.to_string() == named.etag)
                .ok_or_else(|| Refusal::InvalidPart(format!("part {} with ETag {}", named.number, named.etag)))?;
            for (algorithm, value) in &named.values {
                if part.checksums.get(algorithm) != Some(value) {
                    return Err(Refusal::InvalidPart(format!("part {}: its {}", named.number, algorithm.name())));
                }
            }
            chosen.push((named.number, part));
        }
        let all_but_last = &chosen[..chosen.len() - 1];
        if let Some((number, part)) = all_but_last.iter().find(|(_, part)| part.size < MIN_PART) {
            return Err(Refusal::PartTooSmall { number: *number, size: part.size });
        }
        let size: u64 = chosen.iter().map(|(_, part)| part.size).sum();
        if let Some(wanted) = self.size.filter(|wanted| *wanted != size) {
            return Err(Refusal::InvalidRequest(format!(
                "The provided 'x-amz-mp-object-size' header value {wanted} does not match what was computed: {size}"
            )));
        }
        let checksum = self.checksum(upload, &chosen)?;
        let md5s: Vec<[u8; 16]> = chosen.iter().map(|(_, part)| part.etag.md5()).collect();
        Ok(Finish {
            object: NewObject {
                etag: EntityTag::of_parts(&md5s),
                size,
                checksum: Some(checksum),
                headers: upload.record.headers.clone(),
                tags: upload.record.tags.clone(),
                segments: chosen.iter().map(|(number, part)| segment_of(*number, part)).collect(),
                upload: Some(upload.id),
            },
            condition: self.condition.clone(),
        })
    }

    fn checksum(&self, upload: &Upload, chosen: &[(u16, &PartRecord)]) -> Result<ObjectChecksum, Refusal> {
        let declared = upload.record.checksum;
        // Undeclared, every part still has a CRC64NVME, as on AWS.
        let wanted = declared.unwrap_or(DeclaredChecksum { algorithm: Algorithm::Crc64nvme, kind: Kind::FullObject });
        if let Some(kind) = self.kind.filter(|kind| *kind != wanted.kind) {
            return Err(Refusal::InvalidRequest(format!(
                "The upload was created using the {} checksum mode. The complete request must use the same checksum mode, not {}.",
                wanted.kind.name(),
                kind.name()
            )));
        }
        if wanted.kind == Kind::Composite
            && let Some(bare) = self.parts.iter().find(|named| !named.values.contains_key(&wanted.algorithm))
        {
            return Err(Refusal::InvalidRequest(format!(
                "The upload was created using a {} checksum. The complete request must include the checksum for each \
                 part. It was missing for part {} in the request.",
                wanted.algorithm.name().to_lowercase(),
                bare.number
            )));
        }
        let parts: Option<Vec<PartValue<'_>>> = chosen
            .iter()
            .map(|(_, part)| Some(PartValue { value: part.checksums.get(&wanted.algorithm)?, size: part.size }))
            .collect();
        let made = parts.and_then(|parts| checksum::of_parts(wanted.algorithm, wanted.kind, &parts));
        let made = made.ok_or_else(|| {
            Refusal::InvalidRequest(format!("a part has no {} value to combine", wanted.algorithm.name()))
        })?;
        for (algorithm, value) in &self.values {
            if *algorithm != made.algorithm {
                return Err(Refusal::InvalidRequest(format!(
                    "The upload was created using {}; the complete request brings {}.",
                    made.algorithm.name(),
                    algorithm.name()
                )));
            }
            if *value != made.value {
                return Err(Refusal::BadDigest(format!(
                    "The {} you specified did not match the calculated checksum.",
                    algorithm.name()
                )));
            }
        }
        Ok(made)
    }
}

pub(super) async fn complete(
    store: &Protocol,
    mut req: S3Request<CompleteMultipartUploadInput>,
) -> Answer<CompleteMultipartUploadOutput> {
    let condition = WriteCondition::of(&Taken::of(&mut req.extensions))?;
    let input = req.input;
    let bucket = store.bucket(&input.bucket)?;
    let upload = bucket.upload(&input.key, &input.upload_id)?;
    let demand = Demand::of(&input, condition)?;
    let completion = on_disk(move || {
        let judge = |parts: &BTreeMap<u16, PartRecord>| demand.judge(&upload, parts);
        bucket.complete_upload(&upload, judge, |completion| demand.is_same(completion))
    })
    .await?;
    let fields = completion.checksum.as_ref().map(translate::wire_checksum).unwrap_or_default();
    Ok(S3Response::new(CompleteMultipartUploadOutput {
        location: Some(translate::location(&req.headers, &input.bucket, &input.key)),
        bucket: Some(input.bucket),
        key: Some(input.key),
        e_tag: Some(wire_etag(completion.etag)),
        version_id: translate::wire_version(completion.version),
        checksum_crc32: fields.checksum_crc32,
        checksum_crc32c: fields.checksum_crc32c,
        checksum_crc64nvme: fields.checksum_crc64nvme,
        checksum_sha1: fields.checksum_sha1,
        checksum_sha256: fields.checksum_sha256,
        checksum_type: fields.checksum_type,
        ..CompleteMultipartUploadOutput::default()
    }))
}
