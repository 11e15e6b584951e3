//! Listings: objects (both versions of the call), versions, and open multipart uploads.

use super::translate::{self, owner, wire_etag, wire_time};
use super::{Answer, Protocol};
use crate::disk::index::{Shown, Summary};
use crate::disk::manifest::Id;
use crate::disk::uploads::Upload;
use crate::listing::{self, After, Entries, Line, MAX_PAGE, Page, Query};
use data_encoding::BASE64URL_NOPAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{
    CommonPrefix, CommonPrefixList, DeleteMarkerEntry, EncodingType, Initiator, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListObjectVersionsInput, ListObjectVersionsOutput, ListObjectsInput, ListObjectsOutput,
    ListObjectsV2Input, ListObjectsV2Output, MultipartUpload, Object, ObjectStorageClass, ObjectVersion,
    ObjectVersionStorageClass, Owner, StorageClass,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What `encoding-type=url` leaves as it is.
pub(super) const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// Versions of a key with the place each has in it.
impl Entries for Box<[Summary]> {
    type Entry = (Summary, Place);

    fn entries(&self) -> Vec<(String, Self::Entry)> {
        let place = |at| if at == 0 { Place::Latest } else { Place::Older };
        self.iter().enumerate().map(|(at, summary)| (summary.id.to_string(), (*summary, place(at)))).collect()
    }
}

/// Uploads of a key.
impl Entries for BTreeMap<Id, Arc<Upload>> {
    type Entry = Arc<Upload>;

    fn entries(&self) -> Vec<(String, Self::Entry)> {
        self.iter().map(|(id, upload)| (id.to_string(), Arc::clone(upload))).collect()
    }
}

/// Whether a version is the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Latest,
    Older,
}

/// Keys as the client wants them: as they are, or percent-encoded.
struct Encoding(Option<EncodingType>);

impl Encoding {
    fn new(wanted: Option<EncodingType>) -> S3Result<Self> {
        match wanted {
            Some(kind) if kind.as_str() != EncodingType::URL => {
                Err(S3Error::with_message(S3ErrorCode::InvalidArgument, "Invalid Encoding Method specified in Request"))
            }
            wanted => Ok(Self(wanted)),
        }
    }

    fn apply(&self, text: impl Into<String>) -> String {
        let text = text.into();
        if self.0.is_none() { text } else { utf8_percent_encode(&text, KEPT).to_string() }
    }

    fn apply_opt(&self, text: Option<String>) -> Option<String> {
        text.map(|text| self.apply(text))
    }

    fn prefixes(&self, prefixes: Vec<String>) -> Option<CommonPrefixList> {
        let list: Vec<_> =
            prefixes.into_iter().map(|prefix| CommonPrefix { prefix: Some(self.apply(prefix)) }).collect();
        (!list.is_empty()).then_some(list)
    }
}

fn limit(asked: Option<i32>) -> S3Result<usize> {
    match asked {
        None => Ok(MAX_PAGE),
        Some(n) => usize::try_from(n).map(|n| n.min(MAX_PAGE)).map_err(|_| {
            S3Error::with_message(
                S3ErrorCode::InvalidArgument,
                "Argument max-keys must be an integer between 0 and 2147483647",
            )
        }),
    }
}

/// A page of current objects only.
struct Objects {
    entries: Vec<(String, Summary, Shown)>,
    prefixes: Vec<String>,
    truncated: bool,
    last: Option<String>,
}

/// Current objects: keys whose newest version is a delete marker are not there.
struct Current<'a>(&'a [Summary]);

impl Entries for Current<'_> {
    type Entry = (Summary, Shown);

    fn entries(&self) -> Vec<(String, Self::Entry)> {
        let newest = self.0.first();
        newest.and_then(|s| Some((String::new(), (*s, s.content?)))).into_iter().collect()
    }
}

fn list(store: &Protocol, bucket: &str, query: Query<'_>) -> S3Result<Objects> {
    let bucket = store.bucket(bucket)?;
    let empty = Objects { entries: Vec::new(), prefixes: Vec::new(), truncated: false, last: None };
    if query.limit == 0 {
        return Ok(empty);
    }
    let index = bucket.index();
    let page = listing::page_by(index.keys(), query, |versions| Current(versions));
    drop(index);
    let last = page.lines.last().map(|line| match line {
        Line::Entry { key, .. } => key.clone(),
        Line::CommonPrefix(prefix) => prefix.clone(),
    });
    let mut objects = Objects { truncated: page.truncated, last, ..empty };
    for line in page.lines {
        match line {
            Line::Entry { key, entry: (summary, shown) } => objects.entries.push((key, summary, shown)),
            Line::CommonPrefix(prefix) => objects.prefixes.push(prefix),
        }
    }
    Ok(objects)
}

fn contents(entries: Vec<(String, Summary, Shown)>, encoding: &Encoding, owner: Option<&Owner>) -> Option<Vec<Object>> {
    let object = |(key, summary, shown): (String, Summary, Shown)| Object {
        checksum_algorithm: shown.checksum.map(|(algorithm, _)| vec![translate::wire_algorithm(algorithm)]),
        checksum_type: shown.checksum.map(|(_, kind)| translate::wire_kind(kind)),
        e_tag: Some(wire_etag(shown.etag)),
        key: Some(encoding.apply(key)),
        last_modified: Some(wire_time(summary.modified())),
        owner: owner.cloned(),
        restore_status: None,
        size: i64::try_from(shown.size).ok(),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
    };
    Some(entries.into_iter().map(object).collect())
}

pub(super) fn objects_v2(store: &Protocol, input: ListObjectsV2Input) -> Answer<ListObjectsV2Output> {
    let encoding = Encoding::new(input.encoding_type)?;
    let limit = limit(input.max_keys)?;
    let after = match &input.continuation_token {
        Some(token) => Some(read_token(token)?),
        None => input.start_after.clone(),
    };
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref(),
        after: after.as_deref().map(After::Key),
        limit,
    };
    let found = list(store, &input.bucket, query)?;
    let key_count = i32::try_from(found.entries.len() + found.prefixes.len()).ok();
    let next = found.last.filter(|_| found.truncated).map(|last| BASE64URL_NOPAD.encode(last.as_bytes()));
    let owner = (input.fetch_owner == Some(true)).then(owner);
    Ok(S3Response::new(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(encoding.apply(input.prefix.unwrap_or_default())),
        max_keys: i32::try_from(limit).ok(),
        key_count,
        continuation_token: input.continuation_token,
        is_truncated: Some(found.truncated),
        next_continuation_token: next,
        contents: contents(found.entries, &encoding, owner.as_ref()),
        common_prefixes: encoding.prefixes(found.prefixes),
        delimiter: encoding.apply_opt(input.delimiter),
        start_after: encoding.apply_opt(input.start_after),
        encoding_type: encoding.0,
        ..ListObjectsV2Output::default()
    }))
}

fn read_token(token: &str) -> S3Result<String> {
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
        S3Error::with_message(S3ErrorCode::InvalidArgument, "The continuation token provided is incorrect")
    })
}

pub(super) fn objects(store: &Protocol, input: ListObjectsInput) -> Answer<ListObjectsOutput> {
    let encoding = Encoding::new(input.encoding_type)?;
    let limit = limit(input.max_keys)?;
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref(),
        after: input.marker.as_deref().filter(|marker| !marker.is_empty()).map(After::Key),
        limit,
    };
    let found = list(store, &input.bucket, query)?;
    // S3 gives a next marker only with a delimiter; without one it is the last key, which the client sees.
    let next = found.last.filter(|_| found.truncated && input.delimiter.is_some());
    let owner = owner();
    Ok(S3Response::new(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(encoding.apply(input.prefix.unwrap_or_default())),
        marker: Some(encoding.apply(input.marker.unwrap_or_default())),
        max_keys: i32::try_from(limit).ok(),
        is_truncated: Some(found.truncated),
        contents: contents(found.entries, &encoding, Some(&owner)),
        common_prefixes: encoding.prefixes(found.prefixes),
        delimiter: encoding.apply_opt(input.delimiter),
        next_marker: encoding.apply_opt(next),
        encoding_type: encoding.0,
        ..ListObjectsOutput::default()
    }))
}

/// A marker pair: the second is only meaningful with the first.
fn after<'a>(key: Option<&'a str>, entry: Option<&'a str>) -> S3Result<Option<After<'a>>> {
    let given = |text: Option<&'a str>| text.filter(|text| !text.is_empty());
    match (given(key), given(entry)) {
        (None, None) => Ok(None),
        (Some(key), None) => Ok(Some(After::Key(key))),
        (Some(key), Some(entry)) => Ok(Some(After::Entry(key, entry))),
        (None, Some(_)) => Err(S3Error::with_message(
            S3ErrorCode::InvalidArgument,
            "A version-id or upload-id marker cannot be specified without a key marker.",
        )),
    }
}

fn next_of<T>(page: &Page<T>, name: impl Fn(&T) -> String) -> (Option<String>, Option<String>) {
    match page.lines.last().filter(|_| page.truncated) {
        None => (None, None),
        Some(Line::CommonPrefix(prefix)) => (Some(prefix.clone()), None),
        Some(Line::Entry { key, entry }) => (Some(key.clone()), Some(name(entry))),
    }
}

pub(super) fn versions(store: &Protocol, input: ListObjectVersionsInput) -> Answer<ListObjectVersionsOutput> {
    let encoding = Encoding::new(input.encoding_type)?;
    let limit = limit(input.max_keys)?;
    let bucket = store.bucket(&input.bucket)?;
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref(),
        after: after(input.key_marker.as_deref(), input.version_id_marker.as_deref())?,
        limit,
    };
    let page = if limit == 0 { Page::default() } else { listing::page(bucket.index().keys(), query) };
    let (next_key, next_version) = next_of(&page, |(summary, _)| summary.id.to_string());
    let (mut versions, mut markers, mut prefixes) = (Vec::new(), Vec::new(), Vec::new());
    for line in page.lines {
        match line {
            Line::CommonPrefix(prefix) => prefixes.push(prefix),
            Line::Entry { key, entry: (summary, place) } => {
                let key = Some(encoding.apply(key));
                let is_latest = Some(place == Place::Latest);
                let (last_modified, version_id) = (Some(wire_time(summary.modified())), Some(summary.id.to_string()));
                match summary.content {
                    None => {
                        let owner = Some(owner());
                        markers.push(DeleteMarkerEntry { is_latest, key, last_modified, owner, version_id });
                    }
                    Some(shown) => versions.push(ObjectVersion {
                        checksum_algorithm: shown.checksum.map(|(a, _)| vec![translate::wire_algorithm(a)]),
                        checksum_type: shown.checksum.map(|(_, kind)| translate::wire_kind(kind)),
                        e_tag: Some(wire_etag(shown.etag)),
                        is_latest,
                        key,
                        last_modified,
                        owner: Some(owner()),
                        restore_status: None,
                        size: i64::try_from(shown.size).ok(),
                        storage_class: Some(ObjectVersionStorageClass::from_static(
                            ObjectVersionStorageClass::STANDARD,
                        )),
                        version_id,
                    }),
                }
            }
        }
    }
    Ok(S3Response::new(ListObjectVersionsOutput {
        common_prefixes: encoding.prefixes(prefixes),
        delete_markers: Some(markers),
        delimiter: encoding.apply_opt(input.delimiter),
        is_truncated: Some(page.truncated),
        key_marker: Some(encoding.apply(input.key_marker.unwrap_or_default())),
        max_keys: i32::try_from(limit).ok(),
        name: Some(input.bucket),
        next_key_marker: encoding.apply_opt(next_key),
        next_version_id_marker: next_version,
        prefix: Some(encoding.apply(input.prefix.unwrap_or_default())),
        version_id_marker: input.version_id_marker,
        versions: Some(versions),
        encoding_type: encoding.0,
        ..ListObjectVersionsOutput::default()
    }))
}

pub(super) fn uploads(store: &Protocol, input: ListMultipartUploadsInput) -> Answer<ListMultipartUploadsOutput> {
    let encoding = Encoding::new(input.encoding_type)?;
    let limit = limit(input.max_uploads)?;
    let bucket = store.bucket(&input.bucket)?;
    // An upload-id marker without a key marker is ignored, as the S3 reference has it.
    let key_marker = input.key_marker.as_deref().filter(|marker| !marker.is_empty());
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref(),
        after: after(key_marker, input.upload_id_marker.as_deref().filter(|_| key_marker.is_some()))?,
        limit,
    };
    let page =
        if limit == 0 { Page::default() } else { bucket.with_uploads(|uploads| listing::page(uploads.open(), query)) };
    let (next_key, next_upload) = next_of(&page, |upload| upload.id.to_string());
    let (mut found, mut prefixes) = (Vec::new(), Vec::new());
    for line in page.lines {
        match line {
            Line::CommonPrefix(prefix) => prefixes.push(prefix),
            Line::Entry { key, entry } => found.push(MultipartUpload {
                checksum_algorithm: entry.record.checksum.map(|c| translate::wire_algorithm(c.algorithm)),
                checksum_type: entry.record.checksum.map(|c| translate::wire_kind(c.kind)),
                initiated: Some(wire_time(entry.record.initiated)),
                initiator: Some(Initiator { display_name: owner().display_name, id: owner().id }),
                key: Some(encoding.apply(key)),
                owner: Some(owner()),
                storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
                upload_id: Some(entry.id.to_string()),
            }),
        }
    }
    Ok(S3Response::new(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        common_prefixes: encoding.prefixes(prefixes),
        delimiter: encoding.apply_opt(input.delimiter),
        is_truncated: Some(page.truncated),
        key_marker: Some(encoding.apply(input.key_marker.unwrap_or_default())),
        max_uploads: i32::try_from(limit).ok(),
        next_key_marker: encoding.apply_opt(next_key),
        next_upload_id_marker: next_upload,
        prefix: Some(encoding.apply(input.prefix.unwrap_or_default())),
        upload_id_marker: Some(input.upload_id_marker.unwrap_or_default()),
        uploads: Some(found),
        encoding_type: encoding.0,
        ..ListMultipartUploadsOutput::default()
    }))
}
