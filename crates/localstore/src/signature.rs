//! What a request claims about its own signature, read but not verified (s3s verifies).

use crate::access::MAX_PRESIGNED_SECONDS;
use http::{HeaderMap, Uri, header};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use percent_encoding::percent_decode_str;
use s3s::{S3Error, S3ErrorCode, S3Result};

/// Where the signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    Header,
    Query,
    Form,
}

/// A SigV4 claim.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) signed: Signed,
    pub(crate) date: Timestamp,
    pub(crate) region: String,
    pub(crate) service: String,
    /// Whether a session token came along.
    pub(crate) has_token: bool,
    headers: Vec<String>,
}

impl Claim {
    /// The claim of a request; `None` for an anonymous one and for forms, which carry theirs in the body.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> S3Result<Option<Self>> {
        let query = uri.query().unwrap_or_default();
        let in_query = names(query).any(|name| matches!(name, "X-Amz-Signature" | "X-Amz-Algorithm"));
        let authorization = headers.get(header::AUTHORIZATION);
        match (in_query, authorization) {
            (true, Some(_)) => Err(S3Error::with_message(
                S3ErrorCode::InvalidArgument,
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string \
                 parameter or the Authorization header should be specified",
            )),
            (true, None) => Self::of_query(query, headers).map(Some),
            (false, Some(value)) => Self::of_header(value.to_str().unwrap_or_default(), headers).map(Some),
            (false, None) if names(query).any(|name| name == "Signature") => Err(old_signature()),
            (false, None) => Ok(None),
        }
    }

    /// Whether a header, named in lower case, is signed.
    pub(crate) fn signs(&self, header: &str) -> bool {
        self.headers.iter().any(|signed| signed == header)
    }

    /// The error AWS gives for a claim it cannot accept.
    pub(crate) fn malformed(&self, detail: &str) -> S3Error {
        match self.signed {
            Signed::Query => bad_query(detail),
            Signed::Header | Signed::Form => bad_header(detail),
        }
    }

    fn of_query(query: &str, headers: &HeaderMap) -> S3Result<Self> {
        let need = |name: &str| {
            value(query, name).ok_or_else(|| {
                bad_query(
                    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                     X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
                )
            })
        };
        need("X-Amz-Signature")?;
        if need("X-Amz-Algorithm")? != "AWS4-HMAC-SHA256" {
            return Err(bad_query("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\""));
        }
        let (credential, signed_headers) = (need("X-Amz-Credential")?, need("X-Amz-SignedHeaders")?);
        let date = parse_date(&need("X-Amz-Date")?)
            .ok_or_else(|| bad_query("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""))?;
        let expires: i64 = need("X-Amz-Expires")?.parse().map_err(|_| bad_query("X-Amz-Expires should be a number"))?;
        if expires < 1 {
            return Err(bad_query("X-Amz-Expires must be at least 1 second"));
        }
        if expires > MAX_PRESIGNED_SECONDS {
            return Err(bad_query(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less \
                 than 604800 seconds",
            ));
        }
        let has_token = value(query, "X-Amz-Security-Token").is_some() || headers.contains_key("x-amz-security-token");
        let (region, service) = scope(&credential).ok_or_else(|| {
            bad_query("Error parsing the X-Amz-Credential parameter; it must be \"<key>/YYYYMMDD/REGION/SERVICE/aws4_request\"")
        })?;
        Ok(Self { signed: Signed::Query, date, region, service, has_token, headers: split(&signed_headers) })
    }

    fn of_header(text: &str, headers: &HeaderMap) -> S3Result<Self> {
        if text.starts_with("AWS ") {
            return Err(old_signature());
        }
        let Some(fields) = text.strip_prefix("AWS4-HMAC-SHA256") else {
            return Err(S3Error::with_message(S3ErrorCode::InvalidArgument, "Unsupported Authorization Type"));
        };
        let field = |name: &str| {
            let found = fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
            found.ok_or_else(|| bad_header(&format!("The authorization header is malformed; missing {name}.")))
        };
        field("Signature")?;
        let (region, service) = scope(field("Credential")?).ok_or_else(|| {
            bad_header("The Credential is mal-formed; expecting \"<key>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
        })?;
        let date = headers.get("x-amz-date").and_then(|value| parse_date(value.to_str().ok()?)).ok_or_else(|| {
            S3Error::with_message(
                S3ErrorCode::AccessDenied,
                "AWS authentication requires a valid Date or x-amz-date header",
            )
        })?;
        let has_token = headers.contains_key("x-amz-security-token");
        Ok(Self { signed: Signed::Header, date, region, service, has_token, headers: split(field("SignedHeaders")?) })
    }
}

fn bad_query(detail: &str) -> S3Error {
    S3Error::with_message(S3ErrorCode::AuthorizationQueryParametersError, detail.to_owned())
}

fn bad_header(detail: &str) -> S3Error {
    S3Error::with_message(S3ErrorCode::AuthorizationHeaderMalformed, detail.to_owned())
}

fn old_signature() -> S3Error {
    S3Error::with_message(
        S3ErrorCode::InvalidRequest,
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    )
}

/// The names of a query's parameters, as they stand.
pub(crate) fn names(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').map(|pair| pair.split('=').next().unwrap_or_default())
}

/// A query parameter's decoded value; only where it occurs once and is UTF-8.
fn value(query: &str, name: &str) -> Option<String> {
    let mut found = query.split('&').filter_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let only = found.next().filter(|_| found.next().is_none())?;
    percent_decode_str(only).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn split(signed_headers: &str) -> Vec<String> {
    signed_headers.split(';').map(str::to_owned).collect()
}

/// Region and service of a credential scope.
fn scope(credential: &str) -> Option<(String, String)> {
    let mut fields = credential.rsplitn(5, '/');
    let (end, service, region, date, key) =
        (fields.next()?, fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let whole = end == "aws4_request" && date.len() == 8 && !key.is_empty();
    whole.then(|| (region.to_owned(), service.to_owned()))
}

/// `20261122T165800Z`
fn parse_date(text: &str) -> Option<Timestamp> {
    let date = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_scopes_are_read_strictly() {
        assert_eq!(parse_date("19700101T000001Z"), Timestamp::from_second(1).ok());
        assert_eq!(parse_date("1970-01-01"), None);
        let found = scope("AKID/20260101/eu-central-1/s3/aws4_request");
        assert_eq!(found, Some(("eu-central-1".into(), "s3".into())));
        assert_eq!(scope("AKID/2026/eu/s3/aws4_request"), None);
        assert_eq!(scope("eu/s3/aws4_request"), None);
    }

    #[test]
    fn a_repeated_parameter_is_no_parameter() {
        assert_eq!(value("a=1&b=%3B", "b").as_deref(), Some(";"));
        assert_eq!(value("a=1&a=2", "a"), None);
    }
}
