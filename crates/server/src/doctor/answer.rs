//! What the answer to a plain request proves about something that must be refused.
//!
//! No call of the store's own client: those say more ([`super::refusal`]). *Invariant*: only the store's no proves that
//! it refuses. Silence, a failure, a redirect or a missing bucket may as well mean that the request met something else.

use std::fmt;

use super::finding::Finding;
use super::fix::Fix;

/// How stores refuse who has no signature.
pub(super) const TO_ANYBODY: [u16; 2] = [401, 403];
/// How stores refuse a signature that does not hold.
pub(super) const TO_A_BAD_SIGNATURE: [u16; 2] = [400, 403];

/// The status of an answer; `None` if there was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer(pub(super) Option<u16>);

/// What an answer proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// It was done.
    Done,
    /// The store said no.
    Refused,
    /// Nothing.
    Unseen,
}

impl Answer {
    /// Sends a request.
    pub(super) async fn to(request: reqwest::RequestBuilder) -> Self {
        Self(request.send().await.ok().map(|answer| answer.status().as_u16()))
    }

    /// What it proves, where a store refuses with one of these.
    pub(super) fn judge(self, refusals: [u16; 2]) -> Proof {
        match self.0 {
            Some(200..=299) => Proof::Done,
            Some(status) if refusals.contains(&status) => Proof::Refused,
            Some(_) | None => Proof::Unseen,
        }
    }

    /// It could not be seen, at `address`, whether something is refused.
    pub(super) fn unseen(self, id: &'static str, whether: &str, why: &'static str, address: &str) -> Finding {
        let advice = format!(
            "see that {address} can be reached from here and leads to the store itself ([store] public_endpoint), then \
             run this again"
        );
        Finding::warning(id, format!("it cannot be seen whether {whether}: {self}"), why, Fix::advice(advice))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(status) => write!(f, "{status}"),
            None => f.write_str("no answer"),
        }
    }
}
