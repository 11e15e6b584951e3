//! The Idempotency-Key header.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::http::HttpState;
use crate::http::bounds::IDEMPOTENCY_KEY_CHARS;
use crate::http::problem::Denial;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The key, if one came: 1 to 255 visible ASCII characters.
pub(in crate::http) struct IdempotencyHeader(pub(in crate::http) Option<String>);

impl FromRequestParts<HttpState> for IdempotencyHeader {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _state: &HttpState) -> Result<Self, Denial> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(first) = values.next() else { return Ok(Self(None)) };
        let bytes = first.as_bytes();
        let sane = (1..=IDEMPOTENCY_KEY_CHARS).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
        match (sane, values.next(), first.to_str()) {
            (true, None, Ok(key)) => Ok(Self(Some(key.to_owned()))),
            _ => Err(Denial::field(
                "Idempotency-Key",
                format!("must be one header of 1 to {IDEMPOTENCY_KEY_CHARS} visible ASCII characters"),
            )),
        }
    }
}
