//! What the store does with each operation, and with each header and parameter that changes what an operation means.
//!
//! One table is the source of both the behaviour and the page `docs/reference/s3.md`. *Rule:* a write that says something
//! the store would not do is refused; nothing is accepted and forgotten. A header of AWS's on a write that stands in no
//! row is refused as well, so what AWS adds one day is not ignored here.

mod inputs;
mod operations;
mod page;

pub use page::page;

use crate::checksum::Algorithm;
use crate::refusal::custom;
use crate::signature;
use http::{HeaderName, HeaderValue, StatusCode, Uri};
use inputs::{INPUTS, SUBRESOURCES, own};
use operations::OPERATIONS;
use s3s::{S3Error, S3ErrorCode, S3Result};

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Treatment {
    /// It is carried out.
    Done,
    /// It asks for a setting that no bucket or object here has: refused as by AWS where it was never set.
    NeverSet { code: &'static str, status: u16 },
    /// It is refused with 501 NotImplemented.
    NotImplemented,
}

/// Whether an operation changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Read,
    Write,
}

/// One operation, by its name on AWS.
#[derive(Clone, Copy, Debug)]
struct Operation {
    name: &'static str,
    effect: Effect,
    treatment: Treatment,
    /// What differs from AWS, or is worth saying.
    note: &'static str,
}

/// Where an input stands. A form's field counts as the header of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Header,
    Query,
}

/// The operations that a row speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    Every,
    Reads,
    Writes,
    Named(&'static [&'static str]),
}

/// What becomes of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// It has the effect that AWS documents.
    Obeyed,
    /// The same, where it has a value; without one it is refused.
    Filled(Refused),
    /// It has no effect, and that is what AWS documents for a store like this one, or it is about the transfer only.
    Harmless,
    /// These values are accepted, letter by letter; any other is refused.
    OneOf { values: &'static [&'static str], otherwise: Refused },
    /// The same, where values that AWS knows and that are not done here are refused in another way than nonsense.
    Among { values: &'static [&'static str], known: Known, not_done: Refused, otherwise: Refused },
    /// A whole number from one to the other.
    Number { first: u64, last: u64, otherwise: Refused },
    /// Whatever its value.
    Never(Refused),
}

/// Values that AWS takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Values(&'static [&'static str]),
    /// Accounts: 12 digits.
    Accounts,
}

impl Known {
    fn has(self, value: &str) -> bool {
        match self {
            Self::Values(values) => values.contains(&value),
            Self::Accounts => value.len() == 12 && value.bytes().all(|digit| digit.is_ascii_digit()),
        }
    }
}

/// How an input is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// 501 NotImplemented.
    NotImplemented,
    /// 400, with this code.
    Bad(&'static str),
    /// 403 AccessDenied.
    Denied,
    /// 405 MethodNotAllowed.
    MethodNotAllowed,
}

/// One header or parameter. A name that ends in `*` stands for all that begin so.
#[derive(Clone, Copy, Debug)]
struct Input {
    place: Place,
    name: &'static str,
    on: On,
    meaning: Meaning,
    note: &'static str,
}

impl Operation {
    fn find(name: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| operation.name == name)
    }
}

impl Input {
    fn is_named(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.name,
        }
    }

    fn speaks_of(&self, operation: &Operation) -> bool {
        match self.on {
            On::Every => true,
            On::Reads => operation.effect == Effect::Read,
            On::Writes => operation.effect == Effect::Write,
            On::Named(names) => names.contains(&operation.name),
        }
    }

    /// The first row for an input; earlier rows are more particular.
    fn find(place: Place, name: &str, operation: &Operation) -> Option<&'static Self> {
        INPUTS.iter().find(|row| row.place == place && row.is_named(name) && row.speaks_of(operation))
    }

    fn check(&self, name: &str, value: &str) -> S3Result<()> {
        match self.meaning {
            Meaning::Obeyed | Meaning::Harmless => Ok(()),
            Meaning::Filled(_) if !value.is_empty() => Ok(()),
            Meaning::Filled(refused) => Err(refused.error(name, "a value is missing")),
            Meaning::OneOf { values, .. } | Meaning::Among { values, .. } if values.contains(&value) => Ok(()),
            Meaning::Among { known, not_done, .. } if known.has(value) => Err(not_done.error(name, self.note)),
            Meaning::OneOf { otherwise, .. } | Meaning::Among { otherwise, .. } => {
                Err(otherwise.error(name, self.note))
            }
            Meaning::Number { first, last, otherwise } => {
                let number = Some(value).filter(|text| text.bytes().all(|digit| digit.is_ascii_digit()));
                let is_in = number.and_then(|text| text.parse().ok()).is_some_and(|n| (first..=last).contains(&n));
                if is_in { Ok(()) } else { Err(otherwise.error(name, self.note)) }
            }
            Meaning::Never(refused) => Err(refused.error(name, self.note)),
        }
    }
}

impl Refused {
    fn error(self, name: &str, note: &'static str) -> S3Error {
        match self {
            Self::NotImplemented => S3Error::with_message(
                S3ErrorCode::NotImplemented,
                format!(
                    "A header or query parameter you provided implies functionality that is not implemented: {name}"
                ),
            ),
            Self::Bad("AccessControlListNotSupported") => {
                S3Error::with_message(S3ErrorCode::AccessControlListNotSupported, "The bucket does not allow ACLs")
            }
            Self::Bad("InvalidArgument") if name == "partNumber" => S3Error::with_message(
                S3ErrorCode::InvalidArgument,
                "Part number must be an integer between 1 and 10000, inclusive",
            ),
            Self::Bad(code) => custom(code, StatusCode::BAD_REQUEST, format!("{name}: {note}")),
            Self::Denied => S3Error::with_message(S3ErrorCode::AccessDenied, "Access Denied"),
            Self::MethodNotAllowed => S3Error::with_message(
                S3ErrorCode::MethodNotAllowed,
                "The specified method is not allowed against this resource.",
            ),
        }
    }
}

/// What is known of an operation once its inputs are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It is to be carried out.
    Proceed,
    /// It asks for a setting that was never made: this is the answer, if the bucket is there.
    NeverSet { code: &'static str, status: StatusCode },
}

/// Holds a request against the table.
pub(crate) fn judge<'a>(
    operation: &str,
    headers: impl IntoIterator<Item = (&'a HeaderName, &'a HeaderValue)>,
    uri: &Uri,
) -> S3Result<Judgement> {
    let unknown = || {
        S3Error::with_message(
            S3ErrorCode::NotImplemented,
            format!("This store does not carry out {operation}; docs/reference/s3.md lists what it does."),
        )
    };
    let operation = Operation::find(operation).ok_or_else(unknown)?;
    let judgement = match operation.treatment {
        Treatment::NotImplemented => return Err(unknown()),
        Treatment::Done => Judgement::Proceed,
        Treatment::NeverSet { code, status } => {
            let status = StatusCode::from_u16(status).map_err(S3Error::internal_error)?;
            Judgement::NeverSet { code, status }
        }
    };
    let (mut names_algorithm, mut brings_checksum) = (false, false);
    for (name, value) in headers {
        check_header(name, value.to_str().unwrap_or_default(), operation)?;
        names_algorithm |= name.as_str() == "x-amz-sdk-checksum-algorithm";
        brings_checksum |=
            name.as_str() == "x-amz-trailer" || Algorithm::ALL.iter().any(|a| name.as_str() == a.header());
    }
    if operation.effect == Effect::Write && names_algorithm && !brings_checksum {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidRequest,
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were \
             found.",
        ));
    }
    for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let name = signature::names(pair).next().unwrap_or_default();
        let value = pair.split_once('=').map(|(_, value)| value).unwrap_or_default();
        match Input::find(Place::Query, name, operation) {
            Some(row) => row.check(name, value)?,
            None if asks_for_another(operation, name, pair) => return Err(Refused::NotImplemented.error(name, "")),
            None => {}
        }
    }
    Ok(judgement)
}

/// Whether a parameter asks for another operation, which is not done: what is left when it is overlooked would destroy what
/// the caller did not mean. On a write, any name without a value may be one that AWS adds one day.
fn asks_for_another(operation: &Operation, name: &str, pair: &str) -> bool {
    let is_bare = pair.split_once('=').is_none_or(|(_, value)| value.is_empty());
    !own(operation.name).contains(&name)
        && (SUBRESOURCES.contains(&name) || operation.effect == Effect::Write && is_bare && !name.starts_with("X-Amz-"))
}

fn check_header(name: &HeaderName, value: &str, operation: &Operation) -> S3Result<()> {
    let name = name.as_str();
    match Input::find(Place::Header, name, operation) {
        Some(row) => row.check(name, value),
        None if operation.effect == Effect::Write && name.starts_with("x-amz-") => {
            Err(Refused::NotImplemented.error(name, ""))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::inputs::ACCOUNT;
    use super::*;
    use http::HeaderMap;

    fn told(operation: &str, header: &str, value: &str) -> Option<(String, u16)> {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::try_from(header).expect("a name"), HeaderValue::try_from(value).expect("a value"));
        let refused = judge(operation, &headers, &Uri::from_static("/b/k")).err()?;
        Some((refused.code().as_str().to_owned(), refused.status_code().map_or(0, |status| status.as_u16())))
    }

    #[test]
    fn a_header_that_stands_in_no_row_stops_a_write_and_no_read() {
        assert_eq!(told("PutObject", "x-amz-new-idea", "1"), Some(("NotImplemented".into(), 501)));
        assert_eq!(told("GetObject", "x-amz-new-idea", "1"), None);
        assert_eq!(told("PutObject", "x-other", "1"), None);
    }

    #[test]
    fn a_parameter_of_another_operation_is_not_overlooked() {
        let judged = |operation: &str, query: &str| {
            let uri = Uri::try_from(format!("/b/k?{query}")).expect("an address");
            judge(operation, &HeaderMap::new(), &uri).err().map(|refused| refused.code().as_str().to_owned())
        };
        for operation in ["PutObject", "DeleteObject", "GetObject", "CreateBucket", "DeleteBucket", "ListObjects"] {
            for query in ["annotation&annotationName=n", "torrent=", "metadataConfiguration", "x-id=1&abac", "session"]
            {
                assert_eq!(judged(operation, query).as_deref(), Some("NotImplemented"), "{operation} {query}");
            }
            assert_eq!(judged(operation, "x-id=PutObject&X-Amz-Security-Token="), None, "{operation}");
        }
        assert_eq!(judged("DeleteObject", "new-idea").as_deref(), Some("NotImplemented"));
        assert_eq!(judged("GetObject", "123"), None, "a name for caches");
        assert_eq!(judged("GetObject", "partNumber=1"), None);
        for (operation, query) in [("PutBucketCors", "cors="), ("UploadPart", "partNumber=1&uploadId=u")] {
            assert_eq!(judged(operation, query), None, "{operation}");
        }
        for operation in OPERATIONS {
            assert!(own(operation.name).iter().all(|name| SUBRESOURCES.contains(name)), "{}", operation.name);
        }
    }

    #[test]
    fn digests_that_nobody_computes_and_conditions_without_a_value_stop_a_write() {
        for algorithm in ["sha512", "md5", "xxhash64", "foo"] {
            let header = format!("x-amz-checksum-{algorithm}");
            assert_eq!(told("PutObject", &header, "x"), Some(("NotImplemented".into(), 501)), "{header}");
        }
        assert_eq!(told("PutObject", "if-match", ""), Some(("InvalidArgument".into(), 400)));
        assert_eq!(told("PutObject", "if-match", "\"tag\""), None);
    }

    #[test]
    fn values_count_letter_by_letter_and_what_aws_knows_is_told_from_nonsense() {
        let bad = |code: &str| Some((code.to_owned(), 400));
        let not_done = Some(("NotImplemented".to_owned(), 501));
        for (operation, header, value, expected) in [
            ("PutObject", "x-amz-acl", "private", None),
            ("PutObject", "x-amz-acl", "PRIVATE", bad("InvalidArgument")),
            ("PutObject", "x-amz-acl", "log-delivery-write", bad("AccessControlListNotSupported")),
            ("PutBucketAcl", "x-amz-acl", "public-read", bad("AccessControlListNotSupported")),
            ("PutBucketAcl", "x-amz-acl", "", bad("InvalidArgument")),
            ("CreateBucket", "x-amz-acl", "private", None),
            ("CreateBucket", "x-amz-acl", "bucket-owner-full-control", None),
            ("CreateBucket", "x-amz-acl", "public-read", bad("InvalidBucketAclWithObjectOwnership")),
            ("CreateBucket", "x-amz-acl", "Private", bad("InvalidArgument")),
            ("CreateBucket", "x-amz-object-ownership", "ObjectWriter", not_done.clone()),
            ("CreateBucket", "x-amz-object-ownership", "Nobody", bad("InvalidArgument")),
            ("CreateBucket", "x-amz-bucket-object-lock-enabled", "False", None),
            ("CreateBucket", "x-amz-bucket-object-lock-enabled", "true", not_done.clone()),
            ("CreateBucket", "x-amz-bucket-object-lock-enabled", "1", bad("InvalidArgument")),
            ("PutObject", "x-amz-storage-class", "STANDARD", None),
            ("PutObject", "x-amz-storage-class", "GLACIER", not_done),
            ("PutObject", "x-amz-storage-class", "standard", bad("InvalidStorageClass")),
            ("PutObject", "x-amz-expected-bucket-owner", ACCOUNT, None),
            ("GetObject", "x-amz-expected-bucket-owner", "123456789012", Some(("AccessDenied".to_owned(), 403))),
            ("GetObject", "x-amz-expected-bucket-owner", "12345678901", bad("InvalidBucketOwnerAWSAccountID")),
            ("GetObject", "x-amz-expected-bucket-owner", "12345678901a", bad("InvalidBucketOwnerAWSAccountID")),
            ("CopyObject", "x-amz-metadata-directive", "copy", bad("InvalidArgument")),
        ] {
            assert_eq!(told(operation, header, value), expected, "{operation} {header}: {value}");
        }
        let part = |number: &str| {
            let uri: Uri = format!("/b/k?partNumber={number}").parse().expect("an address");
            judge("GetObject", &HeaderMap::new(), &uri).err().map(|error| error.code().as_str().to_owned())
        };
        for number in ["0", "-1", "10001", "x", "", "1.0", "99999999999999999999", "%31"] {
            assert_eq!(part(number).as_deref(), Some("InvalidArgument"), "{number}");
        }
        assert_eq!((part("1"), part("10000")), (None, None));
    }

    #[test]
    fn an_algorithm_is_not_named_without_a_value() {
        let bad = Some(("InvalidRequest".to_owned(), 400));
        for operation in ["PutObject", "UploadPart", "DeleteObjects", "CreateMultipartUpload", "DeleteObject"] {
            assert_eq!(told(operation, "x-amz-sdk-checksum-algorithm", "CRC32"), bad, "{operation}");
        }
        assert_eq!(told("GetObject", "x-amz-sdk-checksum-algorithm", "CRC32"), None);
    }

    #[test]
    fn rows_name_operations_that_there_are_and_no_row_hides_another() {
        for row in INPUTS {
            if let On::Named(names) = row.on {
                for name in names {
                    assert!(Operation::find(name).is_some(), "{}: {name}", row.name);
                }
            }
            let is_header = row.place == Place::Header;
            assert!(!is_header || row.name == row.name.to_lowercase(), "headers are looked up in lower case");
        }
        let is_reached = |row: &Input| {
            OPERATIONS.iter().any(|operation| {
                row.speaks_of(operation)
                    && Input::find(row.place, row.name.trim_end_matches('*'), operation)
                        .is_some_and(|found| std::ptr::eq(found, row))
            })
        };
        for row in INPUTS {
            assert!(is_reached(row), "the row of {} is never reached", row.name);
        }
        for (at, operation) in OPERATIONS.iter().enumerate() {
            assert!(OPERATIONS[..at].iter().all(|other| other.name != operation.name), "{} twice", operation.name);
        }
    }
}
