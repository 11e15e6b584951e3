//! The only door to time in this crate.
//!
//! It is not a mock and cannot be set: whatever must be tested against another moment (the lifecycle sweep, signature
//! ages) takes the moment as an argument and only its outermost caller asks here.

#![expect(clippy::disallowed_methods, reason = "this is the door to time")]

use jiff::Timestamp;
use std::time::{Duration, Instant};

/// The wall clock, truncated to milliseconds because that is all S3 ever shows.
pub(crate) fn now() -> Timestamp {
    let exact = Timestamp::now();
    Timestamp::from_millisecond(exact.as_millisecond()).unwrap_or(exact)
}

/// A monotonic moment, for measuring how long something takes.
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

/// How long it has been since a moment.
pub(crate) fn since(moment: Instant) -> Duration {
    moment.elapsed()
}
