//! The session's cookie (RFC 6265).
//!
//! *Rule*: scripts cannot read it, pages of other sites cannot send it, and over https it never travels in the clear.
//! What else the host serves beside a public path never sees it. Cookies know no ports: two servers at one address share
//! it, and the later login wins.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::auth::SESSION_COOKIE;
use crate::http::HttpState;

/// The cookie's value, if exactly one was sent.
pub(in crate::http) fn find(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| value);
    match (ours.next(), ours.next()) {
        (Some(value), None) => Some(value),
        // Two of a name are a trick, or two paths; neither is ours.
        (None | Some(_), _) => None,
    }
}

/// `Set-Cookie` with this value for so many seconds; 0 takes it away.
pub(super) fn set(state: &HttpState, value: &str, seconds: u64) -> HeaderValue {
    let secure = if state.public_url.is_secure() { "; Secure" } else { "" };
    let path = state.public_url.path_at("/");
    let line = format!("{SESSION_COOKIE}={value}; HttpOnly; SameSite=Strict; Path={path}; Max-Age={seconds}{secure}");
    let mut line = HeaderValue::from_str(&line).expect("a JWT is ASCII");
    line.set_sensitive(true);
    line
}
