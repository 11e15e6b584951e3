//! Uploads by HTML form, as browsers and boto3's `generate_presigned_post` send them.
//!
//! s3s holds a form's file in memory before it looks at the signature, so forms never reach it. The fields come first and
//! are small, as S3 demands; policy and signature are judged with nothing of the file read and nothing shared taken, and
//! the file goes to the disk as it comes.

mod fields;
mod policy;

use crate::access::{Guard, Identity, Keyring, Passage};
use crate::protocol::{FormObject, Protocol, location};
use crate::readable::readable;
use crate::signature::Signed;
use crate::{clock, contract, document};
use fields::Fields;
use futures::stream::{self, Stream};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header, request::Parts};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use s3s::dto::Tagging;
use s3s::{Body, S3Error, S3ErrorCode, S3Result, StdError, xml};
use std::pin::pin;

/// Whether a request is a form upload.
pub(crate) fn is_form(method: &Method, headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    *method == Method::POST && kind.to_ascii_lowercase().starts_with("multipart/form-data")
}

/// Takes form uploads in.
pub(crate) struct Forms {
    pub(crate) store: Protocol,
    pub(crate) keyring: Keyring,
    pub(crate) guard: Guard,
    pub(crate) region: String,
}

impl Forms {
    /// Carries one out.
    pub(crate) async fn take(&self, head: &Parts, body: Body, passage: &Passage) -> S3Result<Response<Body>> {
        let bucket = bucket_of(head.uri.path())?;
        let kind = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(|_| malformed())?;
        let mut form = multer::Multipart::new(one_at_a_time(body), boundary);
        let (fields, file) = fields::read(&mut form).await?;
        let sizes = policy::admit(&fields, &bucket, &self.keyring, &self.region, clock::now())?;
        let key = key_of(&fields, file.file_name().unwrap_or_default())?;
        let identity = Identity::Signer(Signed::Form);
        let headers = fields.as_headers()?;
        contract::judge("PostObject", &headers, &head.uri)?;
        self.guard.strike("PostObject", &key, identity, Some(passage)).await?;
        let location = location(&head.headers, &bucket, &key);
        let object = FormObject { bucket: bucket.clone(), key: key.clone(), headers, tags: tags_of(&fields)?, sizes };
        let put = self.store.post_object(object, file).await?;
        let tag = put.e_tag.map(|tag| format!("\"{}\"", tag.value())).unwrap_or_default();
        let made = Made { bucket, key, location, tag, version: put.version_id };
        Ok(made.answer(&fields))
    }
}

/// The bucket of a form's address. Forms are sent to buckets, not to keys.
fn bucket_of(path: &str) -> S3Result<String> {
    let (bucket, key) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    let bucket = percent_decode_str(bucket).decode_utf8().map_err(|_| S3Error::new(S3ErrorCode::InvalidURI))?;
    if bucket.is_empty() || !key.is_empty() {
        return Err(S3ErrorCode::MethodNotAllowed.into());
    }
    if !s3s::path::check_bucket_name(&bucket) {
        return Err(S3ErrorCode::InvalidBucketName.into());
    }
    Ok(bucket.into_owned())
}

/// The object's key, with the file's name, without any folders before it, for `${filename}`.
fn key_of(fields: &Fields, file_name: &str) -> S3Result<String> {
    let file_name = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let key = fields.need("key")?.replace("${filename}", file_name);
    if key.is_empty() {
        return Err(S3Error::with_message(S3ErrorCode::InvalidArgument, "User key must have a length greater than 0."));
    }
    if !s3s::path::check_key(&key) {
        return Err(S3ErrorCode::KeyTooLongError.into());
    }
    Ok(key)
}

/// A form has its tags as a document.
fn tags_of(fields: &Fields) -> S3Result<Vec<(String, String)>> {
    let Some(text) = fields.find("tagging") else { return Ok(Vec::new()) };
    let malformed = || S3Error::new(S3ErrorCode::MalformedXML);
    let plain = document::plain(text.as_bytes(), 1)?;
    let tagging: Tagging =
        xml::Deserialize::deserialize(&mut xml::Deserializer::new(&plain)).map_err(|_| malformed())?;
    let pair = |tag: s3s::dto::Tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
    Ok(tagging.tag_set.into_iter().map(pair).collect())
}

fn malformed() -> S3Error {
    S3Error::with_message(
        S3ErrorCode::MalformedPOSTRequest,
        "The body of your POST request is not well-formed multipart/form-data.",
    )
}

/// The same body, one piece a poll: multer reads on while there is something to read, into memory.
fn one_at_a_time(body: Body) -> impl Stream<Item = Result<bytes::Bytes, StdError>> + Send {
    let mut is_turn = true;
    let mut body = Box::pin(body);
    stream::poll_fn(move |cx| {
        is_turn = !is_turn;
        if is_turn {
            cx.waker().wake_by_ref();
            return std::task::Poll::Pending;
        }
        let polled = pin!(&mut body).poll_next(cx);
        if polled.is_pending() {
            is_turn = true;
        }
        polled
    })
}

/// What a form made.
struct Made {
    bucket: String,
    key: String,
    location: String,
    tag: String,
    version: Option<String>,
}

impl Made {
    /// The answer as the form wants it: a redirect, or a status of 200, 201 or 204. Other wishes count as 204.
    fn answer(self, fields: &Fields) -> Response<Body> {
        let target = fields.find("success_action_redirect").or_else(|| fields.find("redirect"));
        let (status, location, body) =
            match (target.and_then(|url| self.redirect(url)), fields.find("success_action_status")) {
                (Some(url), _) => (StatusCode::SEE_OTHER, url, Body::empty()),
                (None, Some("200")) => (StatusCode::OK, self.location.clone(), Body::empty()),
                (None, Some("201")) => (StatusCode::CREATED, self.location.clone(), Body::from(self.document())),
                (None, _) => (StatusCode::NO_CONTENT, self.location.clone(), Body::empty()),
            };
        let mut answer = Response::new(body);
        *answer.status_mut() = status;
        let headers = [("etag", Some(self.tag)), ("x-amz-version-id", self.version), ("location", Some(location))];
        for (name, value) in headers {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                answer.headers_mut().insert(name, value);
            }
        }
        if status == StatusCode::CREATED {
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        }
        answer
    }

    /// Where a page is sent afterwards; `None` when the text is no address, which S3 takes for no wish.
    fn redirect(&self, url: &str) -> Option<String> {
        let uri: Uri = url.parse().ok()?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
            return None;
        }
        let [bucket, key, tag] =
            [&self.bucket, &self.key, &self.tag].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
        let joint = if uri.query().is_some() { '&' } else { '?' };
        Some(format!("{url}{joint}bucket={bucket}&key={key}&etag={tag}"))
    }

    fn document(&self) -> String {
        let [location, bucket, key, tag] =
            [&self.location, &self.bucket, &self.key, &self.tag].map(|text| quick_xml::escape::escape(text.as_str()));
        let document = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse><Location>{location}</Location>\
             <Bucket>{bucket}</Bucket><Key>{key}</Key><ETag>{tag}</ETag></PostResponse>"
        );
        readable(&document).into_owned()
    }
}
