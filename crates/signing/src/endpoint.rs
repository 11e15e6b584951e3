//! Where a store is, and where in it an object is.
//!
//! Not a URL library: an endpoint is a scheme, a host, perhaps a port and a fixed path. The rule:
//! the host is written exactly as HTTP clients send it in `Host`, because it is signed.

use crate::{
    error::{EndpointError, PresignError},
    text::{Slash, is_unreserved, push_uri_encoded},
};

/// S3's limit on a key, in UTF-8 bytes.
const KEY_BYTES_MAX: usize = 1024;

/// Where the bucket's name stands in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// `https://host/bucket/key`: works everywhere but on some new AWS accounts.
    Path,
    /// `https://bucket.host/key`: needs DNS, and TLS certificates, for every bucket.
    VirtualHost,
}

/// A store's address, parsed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    scheme: &'static str,
    /// Lower case, with the port unless it is the scheme's own.
    host: String,
    /// Empty, or a fixed path that begins and does not end with `/`.
    path: String,
    addressing: Addressing,
}

/// An object's name: bucket and key, unescaped.
///
/// The key is any UTF-8 of 1 to 1024 bytes and is not normalised: `a//b`, `./a` and `a` are three
/// keys. Browsers do normalise `.` and `..` steps, escaped or not, so a key with such a step can
/// be signed but not fetched by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object<'a> {
    /// The bucket's name.
    pub bucket: &'a str,
    /// The object's key within the bucket.
    pub key: &'a str,
}

/// An object's address, as the two forms a signature needs.
pub(crate) struct Location {
    /// `https://host/escaped/path`.
    pub(crate) url: String,
    /// What goes into the `Host` header.
    pub(crate) host: String,
    /// Where in `url` the path begins.
    path_at: usize,
}

impl Location {
    pub(crate) fn path(&self) -> &str {
        &self.url[self.path_at..]
    }
}

impl Endpoint {
    /// Parses `scheme://host[:port][/path]`. A trailing slash is ignored, a default port dropped.
    ///
    /// # Errors
    /// [`EndpointError`] names the part that is wrong.
    pub fn parse(text: &str, addressing: Addressing) -> Result<Self, EndpointError> {
        let (scheme, default_port, rest) = split_scheme(text)?;
        if rest.contains(['?', '#', '@']) {
            return Err(EndpointError::Extra);
        }
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (name, port) = split_port(authority)?;
        let host_kind = classify_host(name).ok_or(EndpointError::Host)?;
        if host_kind == HostKind::Address && addressing == Addressing::VirtualHost {
            return Err(EndpointError::AddressNotName);
        }
        let mut host = name.to_ascii_lowercase();
        if let Some(port) = port.filter(|port| *port != default_port) {
            host.push(':');
            host.push_str(&port.to_string());
        }
        Ok(Self { scheme, host, path: parse_path(path)?.to_owned(), addressing })
    }

    pub(crate) fn locate(&self, object: Object<'_>) -> Result<Location, PresignError> {
        let Object { bucket, key } = object;
        if bucket.is_empty() || bucket.contains('/') {
            return Err(PresignError::Bucket);
        }
        if key.is_empty() {
            return Err(PresignError::KeyEmpty);
        }
        if key.len() > KEY_BYTES_MAX {
            return Err(PresignError::KeyTooLong { bytes: key.len() });
        }
        let host = match self.addressing {
            Addressing::Path => self.host.clone(),
            Addressing::VirtualHost if is_host_label(bucket) => [bucket, ".", self.host.as_str()].concat(),
            Addressing::VirtualHost => return Err(PresignError::BucketNotHostName),
        };
        let mut url = [self.scheme, "://", &host].concat();
        let path_at = url.len();
        url.push_str(&self.path);
        if self.addressing == Addressing::Path {
            url.push('/');
            push_uri_encoded(&mut url, bucket, Slash::Escaped);
        }
        url.push('/');
        push_uri_encoded(&mut url, key, Slash::Kept);
        Ok(Location { url, host, path_at })
    }
}

fn split_scheme(text: &str) -> Result<(&'static str, u16, &str), EndpointError> {
    let (scheme, rest) = text.split_once("://").ok_or(EndpointError::Scheme)?;
    if scheme.eq_ignore_ascii_case("http") {
        Ok(("http", 80, rest))
    } else if scheme.eq_ignore_ascii_case("https") {
        Ok(("https", 443, rest))
    } else {
        Err(EndpointError::Scheme)
    }
}

/// Splits `host:port`; the colons of a bracketed IPv6 address are not separators.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), EndpointError> {
    if authority.starts_with('[') != authority.contains(']') {
        return Err(EndpointError::Host);
    }
    let after_brackets = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = authority[after_brackets..].find(':') else {
        return Ok((authority, None));
    };
    let (name, port) = authority.split_at(after_brackets + colon);
    let digits = &port[1..];
    // `parse` alone would take a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EndpointError::Port);
    }
    match digits.parse() {
        Ok(port) if port != 0 => Ok((name, Some(port))),
        _ => Err(EndpointError::Port),
    }
}

#[derive(PartialEq, Eq)]
enum HostKind {
    Name,
    Address,
}

fn classify_host(name: &str) -> Option<HostKind> {
    if let Some(inside) = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')) {
        return inside.parse::<std::net::Ipv6Addr>().is_ok().then_some(HostKind::Address);
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        return Some(HostKind::Address);
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let shaped = !name.is_empty() && !name.starts_with('.') && !name.contains("..");
    (shaped && name.bytes().all(legal) && !ends_in_number(name)).then_some(HostKind::Name)
}

/// Clients read a host whose last label is a number as an IPv4 address (WHATWG URL, "ends in a number checker"): they
/// send `127.1` as `127.0.0.1`, which is not what was signed, and refuse `a.0`.
fn ends_in_number(name: &str) -> bool {
    let last = name.strip_suffix('.').unwrap_or(name).rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let is_hex = hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_hex || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
}

fn parse_path(path: &str) -> Result<&str, EndpointError> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let legal = |step: &str| !matches!(step, "" | "." | "..") && step.bytes().all(is_unreserved);
    match path.strip_prefix('/') {
        None => Ok(path),
        Some(steps) if steps.split('/').all(legal) => Ok(path),
        Some(_) => Err(EndpointError::Path),
    }
}

/// Upper case would be folded by DNS and by clients, after it was signed.
fn is_host_label(bucket: &str) -> bool {
    let legal = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    bucket.split('.').all(|label| !label.is_empty() && label.bytes().all(legal))
}
