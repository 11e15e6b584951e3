//! Why a URL cannot be signed. Every variant is the caller's input; nothing here is transient.

use thiserror::Error;

use crate::validity::EXPIRES_SECONDS_MAX;

/// Why a presigned URL cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PresignError {
    /// The lifetime is outside what S3 accepts.
    #[error("a presigned URL lives 1 to {EXPIRES_SECONDS_MAX} seconds, not {seconds}: choose a lifetime in that range")]
    Expires {
        /// The lifetime asked for, in seconds.
        seconds: u32,
    },
    /// The signing time is before 1970.
    #[error("the signing time lies before 1970: check the clock it comes from")]
    TimeBeforeEpoch,
    /// The signing key was derived for another day than the one being signed on.
    #[error(
        "the signing key is for {key_day} but the URL would be signed on {signing_day} (UTC): derive a key for that day"
    )]
    WrongDay {
        /// The key's UTC day.
        key_day: jiff::civil::Date,
        /// The signing time's UTC day.
        signing_day: jiff::civil::Date,
    },
    /// The bucket's name is empty or contains a slash.
    #[error("a bucket name is not empty and has no '/': check the configured bucket")]
    Bucket,
    /// The bucket's name cannot be a host name label.
    #[error("this bucket name cannot be part of a host name (only a-z, 0-9, '-' and '.'): use path style addressing")]
    BucketNotHostName,
    /// The object's key is empty.
    #[error("an object key is not empty: presigning works on objects, not on buckets")]
    KeyEmpty,
    /// The object's key is longer than S3 stores.
    #[error("the object key has {bytes} bytes, S3 allows 1024: use a shorter key")]
    KeyTooLong {
        /// The key's length in UTF-8 bytes.
        bytes: usize,
    },
    /// A query parameter is given twice, or its name would not sort after the signature's own.
    #[error(
        "query parameter {name:?} cannot be signed: each name goes once and begins with a lower case letter, as S3's do"
    )]
    QueryName {
        /// The parameter's name.
        name: String,
    },
    /// A header's name is not a lower case HTTP token, is given twice, or is `host`.
    #[error("header {name:?} cannot be signed: names are lower case HTTP tokens, once each, and host is always signed")]
    HeaderName {
        /// The header's name.
        name: String,
    },
    /// A header's value has control characters.
    #[error("the value of header {name:?} has control characters: remove them")]
    HeaderValue {
        /// The header's name.
        name: String,
    },
}

/// Why an endpoint cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Neither `http://` nor `https://`.
    #[error("an endpoint starts with http:// or https://, like https://s3.eu-west-1.amazonaws.com")]
    Scheme,
    /// Not a host name or IP address.
    #[error(
        "an endpoint's host is a name of a-z, 0-9, '-', '.', '_' or an IP address; write international names in punycode"
    )]
    Host,
    /// Not a TCP port.
    #[error("an endpoint's port is 1 to 65535, or left out")]
    Port,
    /// A path with characters that would need escaping or normalising.
    #[error(
        "an endpoint's path has only letters, digits, '-', '.', '_', '~' between single '/', and no '.' or '..' steps"
    )]
    Path,
    /// User, query or fragment.
    #[error("an endpoint has no user name, query or fragment: remove '@', '?' and '#' and what belongs to them")]
    Extra,
    /// Virtual-host style on an IP address.
    #[error(
        "virtual-host style puts the bucket before the host name, which an IP address does not allow: use path style"
    )]
    AddressNotName,
}
