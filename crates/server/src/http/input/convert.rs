//! From wire bodies to domain types. Everything wrong with a body is found in one pass.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::BASE64;
use domain::part_plan::MAX_PARTS;
use domain::{
    ByteCount, ChecksumAlgorithm, ChecksumValue, ClaimedParts, Collection, DeclaredChecksum, Description, ETag,
    FileName, Fingerprint, MediaType, Metadata, PartNumber, RoleName, Title,
};
use serde_json::{Map, Value};
use wire::{
    AnnounceRequest, ChecksumRequest, ClaimedPart, CompleteFileRequest, CompleteRequest, CreateRequest,
    PartUrlsRequest, PatchRequest, RequestedPart,
};

use super::fields::Fields;
use crate::app::{Claim, Completion, Finisher, NewFile, NewUpload, PartWanted, Scope};
use crate::catalog::AssetPatch;
use crate::http::problem::{self, Denial};

/// Bytes of a SHA-256 digest.
const SHA256_BYTES: usize = 32;
/// Longest ETag a client may claim, in bytes: AWS writes 36, others up to 128.
const ETAG_BYTES: usize = 256;

/// A new asset of this collection.
pub(in crate::http) fn new_upload(request: CreateRequest, of: &Collection) -> Result<NewUpload, Denial> {
    let mut fields = Fields::default();
    let title = fields.take("title", Title::parse(request.title));
    let description = match request.description {
        Some(text) => fields.take("description", Description::parse(text)),
        None => Some(Description::empty()),
    };
    let metadata = match &request.metadata {
        Some(object) => metadata(&mut fields, object),
        None => Some(Metadata::empty()),
    };
    let fingerprint = request.fingerprint.and_then(|text| fields.take("fingerprint", Fingerprint::parse(text)));
    let mut files = BTreeMap::new();
    for (name, announced) in request.files.0 {
        let role = known_role(of, &name)?;
        if let Some(file) = file(&mut fields, &format!("files.{name}."), announced) {
            files.insert(role, file);
        }
    }
    let upload = title.zip(description).zip(metadata).map(|((title, description), metadata)| NewUpload {
        title,
        description,
        metadata,
        fingerprint,
        files,
        idempotency: None,
    });
    fields.finish(upload)
}

/// A role of the collection, by the name it has in `files`.
fn known_role(of: &Collection, name: &str) -> Result<RoleName, Denial> {
    let role = RoleName::parse(name).ok().filter(|role| of.roles.contains_key(role));
    role.ok_or_else(|| problem::unknown_role(of, super::fields::shortened(&format!("files.{name}"))))
}

/// The body of a PUT: one file.
pub(in crate::http) fn new_file(request: AnnounceRequest) -> Result<NewFile, Denial> {
    let mut fields = Fields::default();
    let file = file(&mut fields, "", request);
    fields.finish(file)
}

fn file(fields: &mut Fields, prefix: &str, request: AnnounceRequest) -> Option<NewFile> {
    let file_name = fields.take(format!("{prefix}file_name"), FileName::parse(request.file_name));
    let media_type = fields.take(format!("{prefix}content_type"), request.content_type.parse::<MediaType>());
    if request.size == Some(0) {
        fields.wrong(format!("{prefix}size"), "must be at least 1: an empty file cannot be uploaded");
    }
    let checksum = match request.checksum {
        Some(request) => Some(checksum(fields, &format!("{prefix}checksum."), &request)?),
        None => None,
    };
    let (file_name, media_type) = (file_name?, media_type?);
    Some(NewFile { file_name, size: request.size.map(ByteCount), media_type, checksum, finisher: Finisher::Owner })
}

fn checksum(fields: &mut Fields, prefix: &str, request: &ChecksumRequest) -> Option<DeclaredChecksum> {
    let known = [ChecksumAlgorithm::Crc64Nvme, ChecksumAlgorithm::Crc32C, ChecksumAlgorithm::Crc32];
    let Some(algorithm) = known.into_iter().find(|algorithm| algorithm.name() == request.algorithm) else {
        fields.wrong(format!("{prefix}algorithm"), "must be crc64nvme, crc32c or crc32");
        return None;
    };
    let value = match &request.value {
        Some(text) => Some(fields.take(format!("{prefix}value"), ChecksumValue::parse(algorithm, text))?),
        None => None,
    };
    Some(DeclaredChecksum { algorithm, value })
}

fn metadata(fields: &mut Fields, object: &Map<String, Value>) -> Option<Metadata> {
    let text = serde_json::to_string(object).expect("JSON that was read can be written");
    fields.take("metadata", Metadata::parse(text))
}

/// What a PATCH changes.
pub(in crate::http) fn asset_patch(request: PatchRequest) -> Result<AssetPatch, Denial> {
    let mut fields = Fields::default();
    let patch = patch(&mut fields, request.title, request.description, request.metadata.as_ref());
    fields.finish(Some(patch))
}

fn patch(
    fields: &mut Fields,
    title: Option<String>,
    description: Option<String>,
    object: Option<&Map<String, Value>>,
) -> AssetPatch {
    AssetPatch {
        title: title.and_then(|text| fields.take("title", Title::parse(text))),
        description: description.and_then(|text| fields.take("description", Description::parse(text))),
        metadata: object.and_then(|object| metadata(fields, object)),
    }
}

/// What the owner says with "done".
pub(in crate::http) fn completion(request: CompleteRequest, of: &Collection) -> Result<Completion, Denial> {
    let mut fields = Fields::default();
    let patch = patch(&mut fields, request.title, request.description, request.metadata.as_ref());
    let mut claims = BTreeMap::new();
    for (name, claimed) in request.files.0 {
        let role = known_role(of, &name)?;
        claims.insert(role, claim(&mut fields, &format!("files.{name}"), claimed));
    }
    fields.finish(Some(Completion { patch, claims, scope: Scope::Asset }))
}

fn claim(fields: &mut Fields, path: &str, request: CompleteFileRequest) -> Claim {
    let checksum = request.checksum.and_then(|request| {
        let declared = checksum(fields, &format!("{path}.checksum."), &request)?;
        if declared.value.is_none() {
            fields.wrong(format!("{path}.checksum.value"), "is required here");
        }
        Some((declared.algorithm, declared.value?))
    });
    let parts = request.parts.map(|parts| claimed_parts(fields, &format!("{path}.parts"), parts));
    Claim { parts, checksum }
}

fn claimed_parts(fields: &mut Fields, path: &str, parts: Vec<ClaimedPart>) -> ClaimedParts {
    let mut claimed = ClaimedParts::new();
    for (index, part) in parts.into_iter().enumerate() {
        let Some(number) = fields.take(format!("{path}[{index}].number"), PartNumber::new(part.number)) else {
            continue;
        };
        if part.etag.is_empty() || part.etag.len() > ETAG_BYTES {
            fields.wrong(format!("{path}[{index}].etag"), format_args!("must have 1 to {ETAG_BYTES} bytes"));
        }
        if claimed.insert(number, ETag::new(&part.etag)).is_some() {
            fields.wrong(format!("{path}[{index}].number"), format_args!("names part {} twice", number.get()));
        }
    }
    claimed
}

/// The parts whose URLs are asked for.
pub(in crate::http) fn parts_wanted(request: PartUrlsRequest) -> Result<Vec<PartWanted>, Denial> {
    let mut fields = Fields::default();
    let asked = request.numbers.len();
    if asked == 0 || asked > usize::from(MAX_PARTS) {
        fields.wrong("numbers", format_args!("must name 1 to {MAX_PARTS} parts; it names {asked}"));
        return fields.finish(None);
    }
    let mut seen = BTreeSet::new();
    let mut wanted = Vec::with_capacity(asked);
    for (index, part) in request.numbers.into_iter().enumerate() {
        let (number, digest) = match part {
            RequestedPart::Number(number) => (number, None),
            RequestedPart::WithChecksum { number, checksum_sha256 } => (number, Some(checksum_sha256)),
        };
        let field = format!("numbers[{index}]");
        let Some(number) =
            fields.take(&field, PartNumber::new(number).map_err(|error| format!("is {number}: {error}")))
        else {
            continue;
        };
        if !seen.insert(number) {
            fields.wrong(&field, format_args!("names part {} again; name each part once", number.get()));
        }
        if digest.as_ref().is_some_and(|text| !is_sha256(text)) {
            fields.wrong(format!("{field}.checksum_sha256"), "must be the base64 of 32 bytes");
        }
        wanted.push(PartWanted { number, checksum_sha256: digest });
    }
    fields.finish(Some(wanted))
}

fn is_sha256(text: &str) -> bool {
    BASE64.decode(text.as_bytes()).is_ok_and(|digest| digest.len() == SHA256_BYTES)
}
