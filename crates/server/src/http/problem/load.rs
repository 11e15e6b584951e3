//! Problems of too much: too often, or too many at once.

use domain::TimeSpan;
use wire::ErrorCode;

use super::{Denial, whole_seconds_up};

/// As many requests are being handled as may be.
pub fn overloaded() -> Denial {
    Denial::new(ErrorCode::Unavailable, "the server is handling as many requests as it can; try again shortly")
}

/// The owner asked too often.
pub fn rate_limited(wait: TimeSpan) -> Denial {
    too_often("too many requests of this owner", wait)
}

/// The peer asked too often, without a token.
pub fn peer_rate_limited(wait: TimeSpan) -> Denial {
    too_often("too many requests from this address", wait)
}

fn too_often(what: &str, wait: TimeSpan) -> Denial {
    let seconds = whole_seconds_up(wait);
    let mut denial = Denial::new(ErrorCode::RateLimited, format!("{what}; try again in {seconds} s"));
    denial.0.retry_after_seconds = Some(seconds);
    denial
}

/// The owner, the capability or the peer has as many requests under way as it may.
pub fn too_many_at_once() -> Denial {
    let detail = "too many requests under way at once; try again when one of them is answered";
    Denial::new(ErrorCode::RateLimited, detail)
}

/// The owner follows its events as often as it may.
pub fn too_many_streams() -> Denial {
    let detail = "this owner follows its events in too many places at once; close one of them";
    Denial::new(ErrorCode::RateLimited, detail)
}
