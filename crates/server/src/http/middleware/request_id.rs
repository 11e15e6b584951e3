//! Request ids: the caller's own where it is sane, else a new one.

use data_encoding::BASE32_DNSSEC;
use http::{HeaderMap, HeaderName};

use crate::entropy::Entropy;
use crate::http::bounds::REQUEST_ID_CHARS;

/// The header that carries a request id, both ways.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Takes the caller's id if it has 1 to 64 of `[A-Za-z0-9-_]`: nothing that could break a log line or a header.
pub(super) fn request_id(headers: &HeaderMap, entropy: &dyn Entropy) -> String {
    let given = headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok());
    match given {
        Some(id) if is_sane(id) => id.to_owned(),
        Some(_) | None => {
            let mut bits = [0; 10];
            entropy.fill(&mut bits);
            format!("req_{}", BASE32_DNSSEC.encode(&bits))
        }
    }
}

fn is_sane(id: &str) -> bool {
    (1..=REQUEST_ID_CHARS).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}
