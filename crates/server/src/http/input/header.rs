//! Headers that say something to one operation: Idempotency-Key and Last-Event-ID.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::http::HttpState;
use crate::http::bounds::IDEMPOTENCY_KEY_CHARS;
use crate::http::problem::Denial;

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const LAST_EVENT_ID: &str = "last-event-id";

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

/// The position after which a stream of events goes on, if one came.
pub(in crate::http) struct LastEventId(pub(in crate::http) Option<u64>);

impl FromRequestParts<HttpState> for LastEventId {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _state: &HttpState) -> Result<Self, Denial> {
        let Some(value) = parts.headers.get(LAST_EVENT_ID) else { return Ok(Self(None)) };
        // Browsers send an empty one when they have seen no event yet.
        if value.is_empty() {
            return Ok(Self(None));
        }
        let position = value.to_str().ok().and_then(|text| text.parse().ok()).filter(|it| *it <= i64::MAX as u64);
        let denial = || Denial::field("Last-Event-ID", "must be the id of an event of this stream");
        position.map(|position| Self(Some(position))).ok_or_else(denial)
    }
}
