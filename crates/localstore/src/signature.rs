//! What a request claims about its own signature, read but not verified (s3s verifies).

use crate::access::MAX_PRESIGNED_SECONDS;
use crate::http_date;
use http::{HeaderMap, HeaderName, Uri, header};
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

/// Which of the two headers says when a request was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DatedBy {
    AmzDate,
    /// `Date`, as HTTP writes it: what counts where there is no `x-amz-date`.
    Date,
}

/// A SigV4 claim.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) signed: Signed,
    pub(crate) date: Timestamp,
    pub(crate) dated_by: DatedBy,
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
            (true, Some(_)) => Err(two_mechanisms()),
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

    /// Whether the signature is meant for this store.
    pub(crate) fn check_scope(&self, region: &str) -> S3Result<()> {
        let malformed = |detail: &str| match self.signed {
            Signed::Query => Err(bad_query(detail)),
            Signed::Header | Signed::Form => Err(bad_header(detail)),
        };
        if !self.signs("host") {
            return malformed("the Host header must be signed");
        }
        if self.region != region {
            return malformed(&format!("the region '{}' is wrong; expecting '{region}'", self.region));
        }
        if self.service != "s3" {
            return malformed(&format!("incorrect service '{}'; this endpoint belongs to 's3'", self.service));
        }
        Ok(())
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
        check_form(&need("X-Amz-Signature")?)?;
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
        let headers = split(&signed_headers);
        Ok(Self { signed: Signed::Query, date, dated_by: DatedBy::AmzDate, region, service, has_token, headers })
    }

    fn of_header(text: &str, headers: &HeaderMap) -> S3Result<Self> {
        if text.starts_with("AWS ") {
            return Err(old_signature());
        }
        let Some(fields) = text.strip_prefix("AWS4-HMAC-SHA256") else {
            return Err(S3Error::with_message(S3ErrorCode::InvalidArgument, "Unsupported Authorization Type"));
        };
        let field = |name: &str| {
            let mut found = fields.split(',').filter_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
            match (found.next(), found.next()) {
                (Some(only), None) => Ok(only),
                (None, _) => Err(bad_header(&format!("The authorization header is malformed; missing {name}."))),
                (Some(_), Some(_)) => {
                    Err(bad_header(&format!("The authorization header is malformed; {name} is given twice.")))
                }
            }
        };
        check_form(field("Signature")?)?;
        let (region, service) = scope(field("Credential")?).ok_or_else(|| {
            bad_header("The Credential is mal-formed; expecting \"<key>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
        })?;
        let (date, dated_by) = signing_time(headers).ok_or_else(|| {
            S3Error::with_message(
                S3ErrorCode::AccessDenied,
                "AWS authentication requires a valid Date or x-amz-date header",
            )
        })?;
        let has_token = headers.contains_key("x-amz-security-token");
        let headers = split(field("SignedHeaders")?);
        Ok(Self { signed: Signed::Header, date, dated_by, region, service, has_token, headers })
    }
}

/// What is said to whoever's signature is not the one we would have made.
pub(crate) const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check \
                                   your key and signing method.";

pub(crate) fn mismatch() -> S3Error {
    S3Error::with_message(S3ErrorCode::SignatureDoesNotMatch, MISMATCH)
}

/// A signature is 64 lower-case hex digits. Another text can be none that we would have made.
pub(crate) fn check_form(signature: &str) -> S3Result<()> {
    let well_formed = signature.len() == 64 && signature.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if well_formed { Ok(()) } else { Err(mismatch()) }
}

/// Refuses what two readers could read differently: escaped names of parameters, and repeated ones that take part in the
/// signature. s3s decodes names and takes a repeated header for none, so `X-Amz-%53ignature`, or a second
/// `Authorization`, would be one thing to it and another to us. No client does either.
pub(crate) fn check_names(uri: &Uri, headers: &HeaderMap) -> S3Result<()> {
    let query = uri.query().unwrap_or_default();
    let once = |name: &HeaderName| headers.get_all(name).iter().count() <= 1;
    if !once(&header::AUTHORIZATION) {
        return Err(two_mechanisms());
    }
    let is_escaped = |name: &str| name.contains(['%', '+']);
    let signs = |name: &str| percent_decode_str(name).decode_utf8_lossy().starts_with("X-Amz-");
    let is_signed = headers.contains_key(header::AUTHORIZATION) || names(query).any(signs);
    if names(query).any(is_escaped) {
        return Err(if is_signed {
            mismatch()
        } else {
            S3Error::with_message(S3ErrorCode::AccessDenied, "The name of a query parameter must not be escaped.")
        });
    }
    let mut signing: Vec<&str> = names(query).filter(|name| signs(name)).collect();
    signing.sort_unstable();
    let repeats = signing.windows(2).any(|pair| pair[0] == pair[1]);
    let headers_once = SIGNING_HEADERS.iter().all(once) && once(&header::DATE) && once(&header::HOST);
    if is_signed && (repeats || !headers_once) {
        return Err(mismatch());
    }
    Ok(())
}

/// Headers of AWS's own that say how a request is signed.
const SIGNING_HEADERS: [HeaderName; 4] = [
    HeaderName::from_static("x-amz-date"),
    HeaderName::from_static("x-amz-content-sha256"),
    HeaderName::from_static("x-amz-decoded-content-length"),
    HeaderName::from_static("x-amz-security-token"),
];

/// When a request was signed, by the header that counts.
fn signing_time(headers: &HeaderMap) -> Option<(Timestamp, DatedBy)> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match text(HeaderName::from_static("x-amz-date")) {
        Some(date) => Some((parse_date(date)?, DatedBy::AmzDate)),
        None => {
            let date = text(header::DATE)?;
            Some((http_date::parse(date).or_else(|| parse_date(date))?, DatedBy::Date))
        }
    }
}

fn two_mechanisms() -> S3Error {
    S3Error::with_message(
        S3ErrorCode::InvalidArgument,
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or \
         the Authorization header should be specified",
    )
}

fn bad_query(detail: &str) -> S3Error {
    S3Error::with_message(S3ErrorCode::AuthorizationQueryParametersError, detail.to_owned())
}

fn bad_header(detail: &str) -> S3Error {
    S3Error::with_message(S3ErrorCode::AuthorizationHeaderMalformed, detail.to_owned())
}

pub(crate) fn old_signature() -> S3Error {
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
pub(crate) fn scope(credential: &str) -> Option<(String, String)> {
    let mut fields = credential.rsplitn(5, '/');
    let (end, service, region, date, key) =
        (fields.next()?, fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let whole = end == "aws4_request" && date.len() == 8 && !key.is_empty();
    whole.then(|| (region.to_owned(), service.to_owned()))
}

/// As `x-amz-date` writes a time: `20261122T165800Z`.
pub(crate) fn parse_date(text: &str) -> Option<Timestamp> {
    let date = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// A time as `x-amz-date` writes it.
pub(crate) fn format_date(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
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
