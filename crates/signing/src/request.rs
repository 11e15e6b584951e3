//! Presigning any request on an object, one string after another as the specification lists them.
//!
//! Not the fast path: this is the plain form that [`crate::PartPresigner`] is proven equal to, and
//! what everything but parts uses. The rule: exactly what is signed must be sent, and nothing is
//! signed that the caller did not name, but `host`.

use crate::{
    endpoint::{Endpoint, Location, Object},
    error::PresignError,
    key::SigningKey,
    presigned_url::PresignedUrl,
    sha256::Sha256,
    text::{Decimal, Slash, hex, push_ascii, push_uri_encoded, uri_encoded},
    validity::Validity,
};

/// The HTTP methods S3 knows on objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Read the headers only.
    Head,
    /// Write an object or a part.
    Put,
    /// Open or complete a multipart upload.
    Post,
    /// Remove an object or a multipart upload.
    Delete,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A request to presign.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method the URL is good for.
    pub method: Method,
    /// The object it acts on.
    pub object: Object<'a>,
    /// Query parameters beside the signature's, unescaped, each name once, in any order.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers the client must send with exactly these values, names in lower case, each once, in
    /// any order. `host` is always signed and not listed.
    pub headers: &'a [(&'a str, &'a str)],
}

/// What a presigned GetObject or HeadObject may say beside the key. The default signs nothing
/// extra, and a client can still send any `Range`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GetOptions<'a> {
    /// What the store answers as `Content-Disposition`.
    pub response_content_disposition: Option<&'a str>,
    /// What the store answers as `Content-Type`.
    pub response_content_type: Option<&'a str>,
    /// What the store answers as `Cache-Control`.
    pub response_cache_control: Option<&'a str>,
    /// The version to read instead of the newest.
    pub version_id: Option<&'a str>,
    /// The `Range` header the client must send, such as `bytes=0-1023`: the URL then reads that
    /// range only.
    pub range: Option<&'a str>,
}

/// Presigns a GetObject.
///
/// # Errors
/// As [`presign`].
pub fn presign_get(
    key: &SigningKey,
    endpoint: &Endpoint,
    object: Object<'_>,
    options: &GetOptions<'_>,
    validity: Validity,
) -> Result<PresignedUrl, PresignError> {
    presign_read(Method::Get, key, endpoint, object, options, validity)
}

/// Presigns a HeadObject, which takes the same options. The method is part of what is signed: the
/// URL of a GET answers no HEAD, and the other way round.
///
/// # Errors
/// As [`presign`].
pub fn presign_head(
    key: &SigningKey,
    endpoint: &Endpoint,
    object: Object<'_>,
    options: &GetOptions<'_>,
    validity: Validity,
) -> Result<PresignedUrl, PresignError> {
    presign_read(Method::Head, key, endpoint, object, options, validity)
}

fn presign_read(
    method: Method,
    key: &SigningKey,
    endpoint: &Endpoint,
    object: Object<'_>,
    options: &GetOptions<'_>,
    validity: Validity,
) -> Result<PresignedUrl, PresignError> {
    let query: Vec<_> = [
        ("response-cache-control", options.response_cache_control),
        ("response-content-disposition", options.response_content_disposition),
        ("response-content-type", options.response_content_type),
        ("versionId", options.version_id),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    let headers: Vec<_> = options.range.map(|range| ("range", range)).into_iter().collect();
    let request = Request { method, object, query: &query, headers: &headers };
    presign(key, endpoint, &request, validity)
}

/// Presigns any request on an object, with an unsigned payload.
///
/// # Errors
/// [`PresignError`] names what is wrong with the bucket, key, query, headers, or that the key is
/// for another day.
pub fn presign(
    key: &SigningKey,
    endpoint: &Endpoint,
    request: &Request<'_>,
    validity: Validity,
) -> Result<PresignedUrl, PresignError> {
    key.check_day(&validity)?;
    let location = endpoint.locate(request.object)?;
    let headers = sorted_headers(request.headers, &location.host)?;
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let signed_headers = names.join(";");

    let amz_date = validity.amz_date();
    let mut query = signature_query(key, &amz_date, &validity);
    push_uri_encoded(&mut query, &signed_headers, Slash::Escaped);
    push_sorted_query(&mut query, request.query)?;

    let canonical = canonical_request(request.method, &location, &query, &headers, &signed_headers);
    let mut digest = Sha256::new();
    digest.update(canonical.as_bytes());
    let mut to_sign = key.string_to_sign_head(&amz_date);
    push_ascii(&mut to_sign, &hex(digest.finish()));
    let signature = hex(key.hmac.code(to_sign.as_bytes()));

    let mut url = location.url;
    url.push('?');
    url.push_str(&query);
    url.push_str("&X-Amz-Signature=");
    push_ascii(&mut url, &signature);
    Ok(PresignedUrl::new(url))
}

/// The signature's own parameters, in their sorted order, up to the signed headers' value.
///
/// `X-Amz-` sorts before every name S3 uses, so these are always the first.
pub(crate) fn signature_query(key: &SigningKey, amz_date: &str, validity: &Validity) -> String {
    let token_bytes = key.session_token.as_ref().map_or(0, |token| token.len());
    let mut query = String::with_capacity(256 + 2 * token_bytes);
    query.push_str("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=");
    push_uri_encoded(&mut query, &key.access_key_id, Slash::Escaped);
    query.push_str("%2F");
    push_uri_encoded(&mut query, &key.scope, Slash::Escaped);
    query.push_str("&X-Amz-Date=");
    query.push_str(amz_date);
    query.push_str("&X-Amz-Expires=");
    push_ascii(&mut query, Decimal::new(validity.expires_seconds().into()).as_bytes());
    if let Some(token) = &key.session_token {
        query.push_str("&X-Amz-Security-Token=");
        push_uri_encoded(&mut query, token, Slash::Escaped);
    }
    query.push_str("&X-Amz-SignedHeaders=");
    query
}

/// Appends the caller's parameters, sorted by escaped name as the specification asks.
fn push_sorted_query(query: &mut String, given: &[(&str, &str)]) -> Result<(), PresignError> {
    let mut escaped: Vec<(String, &str)> =
        given.iter().map(|(name, value)| (uri_encoded(name, Slash::Escaped), *value)).collect();
    escaped.sort();
    for (at, (name, value)) in escaped.iter().enumerate() {
        let repeated = at > 0 && escaped[at - 1].0 == *name;
        // Other names would have to be sorted among the signature's own; S3 has none.
        if repeated || !name.starts_with(|first: char| first.is_ascii_lowercase()) {
            return Err(PresignError::QueryName { name: name.clone() });
        }
        query.push('&');
        query.push_str(name);
        query.push('=');
        push_uri_encoded(query, value, Slash::Escaped);
    }
    Ok(())
}

/// The headers to sign, with `host`, sorted by name.
fn sorted_headers<'a>(given: &[(&'a str, &'a str)], host: &'a str) -> Result<Vec<(&'a str, &'a str)>, PresignError> {
    let mut headers = Vec::with_capacity(given.len() + 1);
    headers.push(("host", host));
    for (name, value) in given {
        if !is_lower_token(name) || headers.iter().any(|(known, _)| known == name) {
            return Err(PresignError::HeaderName { name: (*name).to_owned() });
        }
        if value.chars().any(char::is_control) {
            return Err(PresignError::HeaderValue { name: (*name).to_owned() });
        }
        headers.push((name, value));
    }
    headers.sort_unstable();
    Ok(headers)
}

/// RFC 9110's `token`, without upper case.
fn is_lower_token(name: &str) -> bool {
    let legal = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9') || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(legal)
}

fn canonical_request(
    method: Method,
    location: &Location,
    query: &str,
    headers: &[(&str, &str)],
    signed_headers: &str,
) -> String {
    let mut text = [method.as_str(), "\n", location.path(), "\n", query, "\n"].concat();
    for (name, value) in headers {
        text.push_str(name);
        text.push(':');
        // Outer spaces go, inner runs count as one.
        for (at, word) in value.split(' ').filter(|word| !word.is_empty()).enumerate() {
            if at > 0 {
                text.push(' ');
            }
            text.push_str(word);
        }
        text.push('\n');
    }
    text.push('\n');
    text.push_str(signed_headers);
    text.push_str("\nUNSIGNED-PAYLOAD");
    text
}
