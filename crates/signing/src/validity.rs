//! When a URL begins and ends to be valid.
//!
//! Not a clock: the time is the caller's. The rule: what is built here, S3 accepts.

use jiff::{Timestamp, civil, tz::Offset};

use crate::{error::PresignError, text::push_padded};

/// The longest life of a presigned URL: 7 days x 24 h x 60 min x 60 s.
pub const EXPIRES_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;

/// A signing time (whole seconds, UTC) and a lifetime of 1 to [`EXPIRES_SECONDS_MAX`] seconds.
///
/// The store checks the expiry when a request begins, and the URL also dies with temporary
/// credentials: a caller who knows when those end must ask for less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    at: Timestamp,
    expires_seconds: u32,
}

impl Validity {
    /// Valid from `at` (cut to the second) for `expires_seconds`.
    ///
    /// # Errors
    /// [`PresignError::Expires`] outside 1..=604800, [`PresignError::TimeBeforeEpoch`] before 1970.
    pub fn starting(at: Timestamp, expires_seconds: u32) -> Result<Self, PresignError> {
        if !(1..=EXPIRES_SECONDS_MAX).contains(&expires_seconds) {
            return Err(PresignError::Expires { seconds: expires_seconds });
        }
        match Timestamp::from_second(at.as_second()) {
            Ok(at) if at.as_second() >= 0 => Ok(Self { at, expires_seconds }),
            _ => Err(PresignError::TimeBeforeEpoch),
        }
    }

    /// The signing time, `X-Amz-Date`.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The lifetime in seconds, `X-Amz-Expires`.
    pub fn expires_seconds(&self) -> u32 {
        self.expires_seconds
    }

    /// The first moment at which the store refuses the URL.
    pub fn ends_at(&self) -> Timestamp {
        let span = jiff::SignedDuration::from_secs(i64::from(self.expires_seconds));
        self.at.saturating_add(span).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn day(&self) -> civil::Date {
        utc_day(self.at)
    }

    /// `20130524T000000Z`.
    pub(crate) fn amz_date(&self) -> String {
        let time = Offset::UTC.to_datetime(self.at);
        let mut text = String::with_capacity(16);
        push_day(&mut text, time.date());
        text.push('T');
        push_padded(&mut text, time.hour().unsigned_abs().into(), 2);
        push_padded(&mut text, time.minute().unsigned_abs().into(), 2);
        push_padded(&mut text, time.second().unsigned_abs().into(), 2);
        text.push('Z');
        text
    }
}

/// The UTC day that `at` lies in: the life of a signing key.
pub(crate) fn utc_day(at: Timestamp) -> civil::Date {
    Offset::UTC.to_datetime(at).date()
}

/// `20130524`.
pub(crate) fn push_day(out: &mut String, day: civil::Date) {
    push_padded(out, day.year().unsigned_abs(), 4);
    push_padded(out, day.month().unsigned_abs().into(), 2);
    push_padded(out, day.day().unsigned_abs().into(), 2);
}
