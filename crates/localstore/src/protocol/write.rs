//! PutObject and the form upload: a body becomes an object in one step.

use super::ingest::{self, Promise};
use super::translate::{self, values_of};
use super::{Answer, Protocol, on_disk};
use crate::access::Passage;
use crate::checksum::{Algorithm, Kind, ObjectChecksum};
use crate::conditions::WriteCondition;
use crate::disk::bucket::Bucket;
use crate::disk::manifest::{Headers, Segment};
use crate::disk::{NewObject, Written, blob::SealedBlob};
use crate::etag::EntityTag;
use crate::refusal::Refusal;
use http::HeaderValue;
use percent_encoding::utf8_percent_encode;
use s3s::dto::{PostObjectInput, PostObjectOutput, PutObjectInput, PutObjectOutput, StreamingBlob};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, TrailingHeaders};
use std::{collections::BTreeSet, sync::Arc};

/// S3 limits user metadata to 2 KB.
const MAX_METADATA: usize = 2 * 1024;

/// The headers a client gives an object, from any of the wire's structs that have them.
macro_rules! headers_of {
    ($input:expr) => {
        $crate::protocol::write::check_headers($crate::disk::manifest::Headers {
            content_type: $input.content_type.clone(),
            content_disposition: $input.content_disposition.clone(),
            content_encoding: $input.content_encoding.as_deref().and_then($crate::protocol::write::kept_encoding),
            content_language: $input.content_language.clone(),
            cache_control: $input.cache_control.clone(),
            expires: $crate::protocol::translate::our_time_opt($input.expires.as_ref())?,
            website_redirect: $input.website_redirect_location.clone(),
            metadata: $input.metadata.clone().unwrap_or_default().into_iter().collect(),
        })
    };
}
pub(super) use headers_of;

pub(super) async fn put(store: &Protocol, mut req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
    let body = req.input.body.take();
    let input = &req.input;
    let promise = Promise::new(input.content_length, input.content_md5.as_deref(), values_of!(input), &req.headers)?;
    promise.require_length()?;
    let incoming = Incoming {
        bucket: store.bucket(&input.bucket)?,
        key: input.key.clone(),
        headers: headers_of!(input)?,
        tags: translate::tags_of_header(input.tagging.as_deref())?,
        condition: translate::write_condition(input.if_match.clone(), input.if_none_match.clone())?,
        promise,
    };
    incoming.take(body, req.trailing_headers.as_ref()).await
}

pub(super) async fn post(store: &Protocol, mut req: S3Request<PostObjectInput>) -> Answer<PostObjectOutput> {
    let body = req.input.body.take();
    if let Some(name) = req.extensions.get::<Arc<Passage>>().and_then(|passage| passage.file_name()) {
        req.input.key = req.input.key.replace("${filename}", name);
    }
    let input = &req.input;
    if input.key.is_empty() {
        return Err(S3Error::with_message(S3ErrorCode::InvalidArgument, "User key must have a length greater than 0."));
    }
    if !s3s::path::check_key(&input.key) {
        return Err(S3ErrorCode::KeyTooLongError.into());
    }
    let incoming = Incoming {
        bucket: store.bucket(&input.bucket)?,
        key: input.key.clone(),
        headers: headers_of!(input)?,
        tags: translate::tags_of_header(input.tagging.as_deref())?,
        condition: WriteCondition::None,
        promise: Promise::new(input.content_length, input.content_md5.as_deref(), values_of!(input), &req.headers)?,
    };
    let location = format!("/{}/{}", input.bucket, utf8_percent_encode(&input.key, super::list::KEPT));
    let put = incoming.take(body, None).await?.output;
    let mut answer = S3Response::new(PostObjectOutput {
        e_tag: put.e_tag.clone(),
        version_id: put.version_id.clone(),
        ..PostObjectOutput::default()
    });
    // s3s answers a form with its status only; a page wants to know what it made.
    let tag = put.e_tag.map(|tag| format!("\"{}\"", tag.value()));
    for (name, value) in [("etag", tag), ("x-amz-version-id", put.version_id), ("location", Some(location))] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok())
            && !(name == "location" && req.input.success_action_redirect.is_some())
        {
            answer.headers.insert(name, value);
        }
    }
    Ok(answer)
}

/// An object whose body is still to come.
struct Incoming {
    bucket: Arc<Bucket>,
    key: String,
    headers: Headers,
    tags: Vec<(String, String)>,
    condition: WriteCondition,
    promise: Promise,
}

impl Incoming {
    async fn take(self, body: Option<StreamingBlob>, trailers: Option<&TrailingHeaders>) -> Answer<PutObjectOutput> {
        // As on AWS, an object that comes without a checksum gets CRC64NVME.
        let algorithm = self.promise.algorithm().unwrap_or(Algorithm::Crc64nvme);
        let layout = self.bucket.layout().clone();
        let sealed = ingest::receive(layout, body, BTreeSet::from([algorithm])).await?;
        self.promise.verify(&sealed, trailers)?;
        let value = sealed.digests.values.get(&algorithm).cloned();
        let checksum = value.map(|value| ObjectChecksum { algorithm, kind: Kind::FullObject, value });
        let etag = EntityTag::of_md5(sealed.digests.md5);
        let fields = checksum.as_ref().map(translate::wire_checksum).unwrap_or_default();
        let size = i64::try_from(sealed.size).ok();
        let written = on_disk(move || self.keep(sealed, etag, checksum)).await?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(translate::wire_etag(etag)),
            version_id: translate::wire_version(written.version),
            checksum_crc32: fields.checksum_crc32,
            checksum_crc32c: fields.checksum_crc32c,
            checksum_crc64nvme: fields.checksum_crc64nvme,
            checksum_sha1: fields.checksum_sha1,
            checksum_sha256: fields.checksum_sha256,
            checksum_type: fields.checksum_type,
            size,
            ..PutObjectOutput::default()
        }))
    }

    fn keep(self, sealed: SealedBlob, etag: EntityTag, checksum: Option<ObjectChecksum>) -> Result<Written, Refusal> {
        let size = sealed.size;
        let blob = sealed.publish(self.bucket.layout())?;
        let object = NewObject {
            etag,
            size,
            checksum,
            headers: self.headers,
            tags: self.tags,
            segments: vec![Segment { blob, size, part: None, checksums: std::collections::BTreeMap::new() }],
            upload: None,
        };
        self.bucket.commit(&self.key, object, &self.condition)
    }
}

/// `aws-chunked` describes the transfer, not the object.
pub(super) fn kept_encoding(encoding: &str) -> Option<String> {
    let kept: Vec<&str> = encoding
        .split(',')
        .map(str::trim)
        .filter(|e| !e.is_empty() && !e.eq_ignore_ascii_case("aws-chunked"))
        .collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

/// Refuses what could not be given back: too much metadata, or values no header can carry.
pub(super) fn check_headers(headers: Headers) -> S3Result<Headers> {
    let size: usize = headers.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > MAX_METADATA {
        return Err(S3Error::with_message(
            S3ErrorCode::MetadataTooLarge,
            "Your metadata headers exceed the maximum allowed metadata size of 2048 bytes.",
        ));
    }
    let plain = [
        &headers.content_type,
        &headers.content_disposition,
        &headers.content_encoding,
        &headers.content_language,
        &headers.cache_control,
        &headers.website_redirect,
    ];
    let unusable = plain.into_iter().flatten().any(|value| http::HeaderValue::from_str(value).is_err());
    let unusable_name =
        headers.metadata.keys().any(|name| http::HeaderName::try_from(format!("x-amz-meta-{name}")).is_err());
    if unusable || unusable_name {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidArgument,
            "A header or metadata field holds characters that an HTTP header cannot carry.",
        ));
    }
    Ok(headers)
}
