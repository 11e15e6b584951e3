//! Between two passes through s3s: the first verifies a request's signature, the second carries the request out.
//!
//! s3s offers no place between the two, so the store runs it twice, and stands in the middle as the first one's only
//! route. Here a request may be changed without breaking its signature. *Rule:* who signed is decided here, once, and
//! travels in the request's extensions; the second pass sees no signature at all.

mod plain;
mod taken;

pub(crate) use taken::{Overrides, Taken};

use crate::access::{self, Identity, SignatureCheck};
use crate::document::{Bounds, Documents};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, uri::PathAndQuery};
use percent_encoding::percent_decode_str;
use s3s::route::S3Route;
use s3s::service::S3Service;
use s3s::{Body, S3Error, S3ErrorCode, S3Request, S3Response, S3Result};

/// Takes over every request whose signature is good or absent.
pub(crate) struct Verified {
    operations: S3Service,
    documents: Documents,
}

impl Verified {
    pub(crate) fn new(operations: S3Service) -> Self {
        Self { operations, documents: Documents::new() }
    }
}

#[async_trait::async_trait]
impl S3Route for Verified {
    fn is_match(&self, _: &Method, _: &Uri, _: &HeaderMap, _: &mut http::Extensions) -> bool {
        true
    }

    async fn check_access(&self, req: &mut S3Request<Body>) -> S3Result<()> {
        let found = if req.credentials.is_some() { SignatureCheck::Good } else { SignatureCheck::Absent };
        let identity = access::identify(found, &req.uri, &req.headers, &req.extensions)?;
        if identity != Identity::Anonymous {
            take_hoisted(&req.uri, &mut req.headers)?;
        }
        req.extensions.insert(identity);
        Ok(())
    }

    async fn call(&self, mut req: S3Request<Body>) -> S3Result<S3Response<Body>> {
        let (mut body, mut share) = (req.input, None);
        if let Some(bounds) = Bounds::of(&req.method, &req.uri) {
            // No anonymous request has a document, and none is read for one.
            if req.extensions.get::<Identity>() == Some(&Identity::Anonymous) {
                return Err(access::denied());
            }
            let read = self.documents.read(bounds, &mut req.headers, body, req.trailing_headers.as_ref()).await?;
            (body, share) = (read.body, read.share);
        }
        if let Some(trailers) = req.trailing_headers {
            req.extensions.insert(trailers);
        }
        req.headers.remove(header::AUTHORIZATION);
        let (uri, overrides) = Overrides::take(&req.method, without_signature(&req.uri)?)?;
        req.extensions.insert(Taken::take(&mut req.headers));
        req.extensions.insert(overrides.clone());
        let asks_for_attributes = has_parameter(&uri, "attributes");
        let mut inner = http::Request::new(body);
        *inner.method_mut() = req.method;
        *inner.uri_mut() = uri;
        *inner.headers_mut() = req.headers;
        *inner.extensions_mut() = req.extensions;
        let answer = self.operations.call(inner).await;
        let answer = answer.map_err(|error| S3Error::with_source(S3ErrorCode::InternalError, error.into()))?;
        drop(share);
        let (mut head, mut body) = answer.into_parts();
        // s3s drops the status of HeadObject.
        if head.status == StatusCode::OK && head.headers.contains_key(header::CONTENT_RANGE) {
            head.status = StatusCode::PARTIAL_CONTENT;
        }
        if head.status.is_success() {
            overrides.apply(&mut head.headers);
        }
        if let Some(bytes) = body.bytes().filter(|bytes| !bytes.is_empty()) {
            body = Body::from(plain::answer(bytes, asks_for_attributes));
            head.headers.remove(header::CONTENT_LENGTH);
        }
        let mut answer = S3Response::with_headers(body, head.headers);
        answer.status = Some(head.status);
        Ok(answer)
    }
}

fn has_parameter(uri: &Uri, name: &str) -> bool {
    crate::signature::names(uri.query().unwrap_or_default()).any(|found| found == name)
}

/// Parameters of a signature; all others that begin with `X-Amz-` are headers that a signer moved into the address.
const OF_SIGNATURES: [&str; 7] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// Headers in the address, as some signers of URLs put them there, count as headers.
fn take_hoisted(uri: &Uri, headers: &mut HeaderMap) -> S3Result<()> {
    let invalid = |name: &str| {
        S3Error::with_message(S3ErrorCode::InvalidArgument, format!("The parameter {name} cannot be read."))
    };
    for pair in uri.query().unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = name.to_ascii_lowercase();
        if !name.starts_with("x-amz-") || OF_SIGNATURES.contains(&name.as_str()) {
            continue;
        }
        let value = value.replace('+', " ");
        let value = percent_decode_str(&value).decode_utf8().map_err(|_| invalid(&name))?;
        let value = HeaderValue::try_from(value.as_ref()).map_err(|_| invalid(&name))?;
        let header = HeaderName::try_from(&name).map_err(|_| invalid(&name))?;
        if headers.get(&header).is_some_and(|given| *given != value) {
            return Err(invalid(&name));
        }
        headers.insert(header, value);
    }
    Ok(())
}

/// The address without the parameters of a signature, and without the headers in it.
fn without_signature(uri: &Uri) -> S3Result<Uri> {
    let is_kept = |pair: &&str| !pair.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"));
    with_parameters(uri, is_kept)
}

/// The address with those of its parameters that are kept.
fn with_parameters(uri: &Uri, is_kept: impl FnMut(&&str) -> bool) -> S3Result<Uri> {
    let Some(query) = uri.query() else { return Ok(uri.clone()) };
    let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
    let text = if kept.is_empty() { uri.path().to_owned() } else { format!("{}?{}", uri.path(), kept.join("&")) };
    let invalid = || S3Error::new(S3ErrorCode::InvalidURI);
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).map_err(|_| invalid())?);
    Uri::from_parts(parts).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signature_goes() {
        let without = |text: &str| without_signature(&text.parse().expect("a URI")).expect("a URI").to_string();
        assert_eq!(
            without("/b/k?X-Amz-Signature=a&partNumber=1&x-amz-acl=b&uploadId=c"),
            "/b/k?partNumber=1&uploadId=c"
        );
        assert_eq!(without("/b/k?X-Amz-Signature=a"), "/b/k");
        assert_eq!(without("/b/k?uploads"), "/b/k?uploads");
    }

    #[test]
    fn headers_in_the_address_count() {
        let uri = Uri::from_static("/b/k?X-Amz-Date=1&X-Amz-Acl=public-read&x-amz-meta-a=b%20c+d");
        let mut headers = HeaderMap::new();
        take_hoisted(&uri, &mut headers).expect("readable");
        assert_eq!(headers["x-amz-acl"], "public-read");
        assert_eq!(headers["x-amz-meta-a"], "b c d");
        assert_eq!(headers.len(), 2);
        headers.insert("x-amz-acl", HeaderValue::from_static("private"));
        assert!(take_hoisted(&uri, &mut headers).is_err(), "two values");
    }
}
