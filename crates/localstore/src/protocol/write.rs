//! PutObject and the form upload: a body becomes an object in one step.

use super::ingest::{self, MAX_BODY, Promise};
use super::translate;
use super::{Answer, Protocol, on_disk};
use crate::checksum::{Algorithm, Kind, ObjectChecksum};
use crate::conditions::WriteCondition;
use crate::disk::bucket::Bucket;
use crate::disk::manifest::{Headers, Segment};
use crate::disk::{NewObject, Written, blob::SealedBlob};
use crate::etag::EntityTag;
use crate::refusal::{Refusal, custom};
use crate::verified::Taken;
use bytes::Bytes;
use futures::Stream;
use http::{HeaderMap, HeaderName, StatusCode};
use s3s::dto::{PutObjectInput, PutObjectOutput};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, StdError, TrailingHeaders};
use std::{collections::BTreeSet, ops::RangeInclusive, sync::Arc};

/// S3 limits the location of a redirect to 2 KB.
const MAX_REDIRECT: usize = 2 * 1024;
/// S3 limits user metadata to 2 KB.
const MAX_METADATA: usize = 2 * 1024;

/// The headers a client gives an object, from any of the wire's structs that have them.
macro_rules! headers_of {
    ($input:expr, $taken:expr) => {
        $crate::protocol::write::check_headers($crate::disk::manifest::Headers {
            content_type: $input.content_type.clone(),
            content_disposition: $input.content_disposition.clone(),
            content_encoding: $input.content_encoding.as_deref().and_then($crate::protocol::write::kept_encoding),
            content_language: $input.content_language.clone(),
            cache_control: $input.cache_control.clone(),
            expires: $taken.text("expires").map(str::to_owned),
            expires_at: None,
            website_redirect: $input.website_redirect_location.clone(),
            metadata: $input.metadata.clone().unwrap_or_default().into_iter().collect(),
        })
    };
}
pub(super) use headers_of;

pub(super) async fn put(store: &Protocol, mut req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
    let body = req.input.body.take();
    let taken = Taken::of(&mut req.extensions);
    let input = &req.input;
    let promise = Promise::of_headers(&req.headers)?;
    promise.require_length()?;
    let incoming = Incoming {
        bucket: store.bucket(&input.bucket)?,
        key: input.key.clone(),
        headers: headers_of!(input, taken)?,
        tags: translate::tags_of_header(input.tagging.as_deref())?,
        condition: WriteCondition::of(&taken)?,
        promise,
        sizes: 0..=MAX_BODY,
    };
    Ok(S3Response::new(incoming.take(body, req.extensions.get()).await?))
}

/// An object that comes by form.
pub(crate) struct FormObject {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// The fields that mean what the header of the same name means to PutObject.
    pub(crate) headers: HeaderMap,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) sizes: RangeInclusive<u64>,
}

/// Takes in the file of a form that was admitted.
pub(super) async fn post<S, E>(store: &Protocol, form: FormObject, file: S) -> S3Result<PutObjectOutput>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<StdError>,
{
    let incoming = Incoming {
        bucket: store.bucket(&form.bucket)?,
        key: form.key,
        headers: check_headers(form_headers(&form.headers))?,
        tags: translate::check_tags(form.tags)?,
        condition: WriteCondition::None,
        promise: Promise::of_headers(&form.headers)?,
        sizes: form.sizes,
    };
    incoming.take(Some(file), None).await
}

fn form_headers(fields: &HeaderMap) -> Headers {
    let text = |name: &str| fields.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    let owned = |name: &str| text(name).map(str::to_owned);
    let metadata = |name: &HeaderName| {
        let short = name.as_str().strip_prefix("x-amz-meta-")?;
        Some((short.to_owned(), owned(name.as_str())?))
    };
    Headers {
        content_type: owned("content-type"),
        content_disposition: owned("content-disposition"),
        content_encoding: text("content-encoding").and_then(kept_encoding),
        content_language: owned("content-language"),
        cache_control: owned("cache-control"),
        expires: owned("expires"),
        expires_at: None,
        website_redirect: owned("x-amz-website-redirect-location"),
        metadata: fields.keys().filter_map(metadata).collect(),
    }
}

/// An object whose body is still to come.
struct Incoming {
    bucket: Arc<Bucket>,
    key: String,
    headers: Headers,
    tags: Vec<(String, String)>,
    condition: WriteCondition,
    promise: Promise,
    sizes: RangeInclusive<u64>,
}

impl Incoming {
    async fn take<S, E>(self, body: Option<S>, trailers: Option<&TrailingHeaders>) -> S3Result<PutObjectOutput>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<StdError>,
    {
        // As on AWS, an object that comes without a checksum gets CRC64NVME.
        let algorithm = self.promise.algorithm().unwrap_or(Algorithm::Crc64nvme);
        let layout = self.bucket.layout().clone();
        let sealed = ingest::receive(layout, body, BTreeSet::from([algorithm]), &self.sizes).await?;
        self.promise.verify(sealed.size, &sealed.digests, trailers)?;
        let value = sealed.digests.values.get(&algorithm).cloned();
        let checksum = value.map(|value| ObjectChecksum { algorithm, kind: Kind::FullObject, value });
        let etag = EntityTag::of_md5(sealed.digests.md5);
        let fields = checksum.as_ref().map(translate::wire_checksum).unwrap_or_default();
        let size = i64::try_from(sealed.size).ok();
        let written = on_disk(move || self.keep(sealed, etag, checksum)).await?;
        Ok(PutObjectOutput {
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
        })
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

fn is_redirect(location: &str) -> bool {
    location.len() <= MAX_REDIRECT && ["/", "http://", "https://"].iter().any(|start| location.starts_with(start))
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
    if headers.website_redirect.as_deref().is_some_and(|to| !is_redirect(to)) {
        return Err(custom(
            "InvalidRedirectLocation",
            StatusCode::BAD_REQUEST,
            "The website redirect location must have a prefix of 'http://' or 'https://' or '/', and at most 2048 bytes.",
        ));
    }
    let plain = [
        &headers.content_type,
        &headers.content_disposition,
        &headers.content_encoding,
        &headers.content_language,
        &headers.cache_control,
        &headers.expires,
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
