//! The web client's files: how each is typed, kept and protected.
//!
//! They are in the binary, so nothing of a request ever becomes a path on the disk. *Rule*: no inline script or style, no
//! other origin than the store's; what the policy forbids here is forbidden to the pages everywhere.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sha2::{Digest as _, Sha256};

/// A file of the web client.
#[derive(Debug, Clone, Copy)]
pub struct WebFile {
    /// Its place below `/`, such as `assets/index-B1x2.js`.
    pub path: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
}

/// Where the bundler puts what it names by content.
const HASHED: &str = "assets/";
/// A file whose name changes with its content never has to be asked for again; a year is RFC 9111's usual "for ever".
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Kept, and asked for each time whether it is still the same.
const ASK_FIRST: &str = "no-cache";

const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// What no page of ours ever asks for.
const NO_DEVICES: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=()";

struct Prepared {
    bytes: Bytes,
    kind: &'static str,
    kept: &'static str,
    etag: HeaderValue,
}

/// The files by their paths, and the policy of the pages.
pub(in crate::http) struct WebClient {
    files: BTreeMap<&'static str, Prepared>,
    policy: HeaderValue,
}

impl WebClient {
    /// `origins` is where the store and whatever stands before it are reached.
    pub(in crate::http) fn new(files: &'static [WebFile], origins: &[String]) -> Self {
        let files = files.iter().map(|file| (file.path, prepared(file))).collect();
        let policy = HeaderValue::from_str(&policy(origins)).expect("origins are ASCII");
        Self { files, policy }
    }

    /// Answers with a file, if there is one; with its headers alone if the client has it already.
    pub(in crate::http) fn answer(&self, path: &str, asked: &HeaderMap) -> Option<Response> {
        let file = self.files.get(path)?;
        let mut response = if has(asked, &file.etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(CONTENT_TYPE, file.kind)], Body::from(file.bytes.clone())).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(ETAG, file.etag.clone());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(file.kept));
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        for (name, value) in [
            (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
            (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
            (PERMISSIONS_POLICY, NO_DEVICES),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        Some(response)
    }
}

fn prepared(file: &WebFile) -> Prepared {
    // 128 bits tell any two files apart.
    let digest = BASE64URL_NOPAD.encode(&Sha256::digest(file.bytes)[..16]);
    Prepared {
        bytes: Bytes::from_static(file.bytes),
        kind: media_type(file.path),
        kept: if file.path.starts_with(HASHED) { FOR_EVER } else { ASK_FIRST },
        etag: HeaderValue::from_str(&format!("\"{digest}\"")).expect("base64 is ASCII"),
    }
}

/// By extension. What is not known is only ever downloaded, because browsers are told not to guess.
fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// Scripts, styles and fonts are ours. Parts are sent to the store, and pictures and films come from there; `blob:` is
/// what the page makes itself, such as a frame of a film that was just chosen.
fn policy(origins: &[String]) -> String {
    let store: String = origins.iter().map(|origin| format!(" {origin}")).collect();
    let bytes = ["connect-src", "img-src", "media-src"].map(|of| format!("{of} 'self' blob:{store}; ")).concat();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; worker-src 'self'; \
         manifest-src 'self'; {bytes}base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// Whether the client says that it has this version (RFC 9110, section 13.1.2).
fn has(asked: &HeaderMap, etag: &HeaderValue) -> bool {
    let lists = asked.get_all(IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_store_and_nothing_else() {
        let policy = policy(&["http://127.0.0.1:9000".to_owned(), "https://cdn.example.com".to_owned()]);
        insta::assert_snapshot!(policy.replace("; ", ";\n"));
    }

    #[test]
    fn etags_are_compared_weakly() {
        let etag = HeaderValue::from_static("\"abc\"");
        for (sent, has) in [
            ("\"abc\"", true),
            ("W/\"abc\"", true),
            ("\"x\", \"abc\"", true),
            ("*", true),
            ("\"x\"", false),
            ("abc", false),
        ] {
            let asked = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(sent))]);
            assert_eq!(super::has(&asked, &etag), has, "{sent}");
        }
        assert!(!super::has(&HeaderMap::new(), &etag));
    }
}
