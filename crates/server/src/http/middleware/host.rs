//! Refuses requests that do not say once which host they are for (RFC 9112, section 3.2).
//!
//! A proxy may believe the first of two Host headers and we the second: whoever decides by one of them, as
//! [`super::origin`] does, must know that there is no other.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Version};

use crate::http::problem;

/// See the module.
pub(in crate::http) async fn require_host(request: Request, next: Next) -> Response {
    if is_named(request.version(), request.headers()) {
        next.run(request).await
    } else {
        problem::malformed_host().into_response()
    }
}

/// HTTP/1.0 had no such header; whoever sends it then sends it once as well.
fn is_named(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let Some(host) = hosts.next() else { return version < Version::HTTP_11 };
    let authority = Authority::try_from(host.as_bytes());
    hosts.next().is_none() && authority.is_ok_and(|authority| !authority.as_str().contains('@'))
}
