//! When to try again.

use domain::{TimeSpan, Timestamp};

/// How long to wait after the nth failure in a row: doubling from `first` up to `cap`, the upper half of it at random,
/// so that clients that failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure, at most.
    pub first: TimeSpan,
    /// Never longer than this.
    pub cap: TimeSpan,
}

impl Backoff {
    /// The wait after `failures` failures in a row (at least 1), spread by 64 random bits.
    pub fn delay(&self, failures: u32, jitter: u64) -> TimeSpan {
        // Thirty doublings of a millisecond are twelve days: over any sensible cap.
        let doublings = failures.saturating_sub(1).min(30);
        let whole = self.first.checked_mul(1 << doublings).unwrap_or(self.cap).min(self.cap);
        let half = whole / 2;
        // The upper 32 bits of jitter as a fraction of one.
        let fraction = (jitter >> 32) as f64 / f64::from(u32::MAX);
        half + TimeSpan::try_from_secs_f64(half.as_secs_f64() * fraction).unwrap_or(half)
    }
}

/// The tries of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retry {
    /// In a row.
    pub(super) failures: u32,
    /// Not to be tried again before this.
    pub(super) not_before: Timestamp,
}

impl Default for Retry {
    fn default() -> Self {
        Self { failures: 0, not_before: Timestamp::MIN }
    }
}

impl Retry {
    /// Records a failure. The server's own wish counts if it is longer than our backoff.
    pub(super) fn fail(&mut self, backoff: Backoff, wish: Option<TimeSpan>, now: Timestamp, jitter: u64) {
        self.failures = self.failures.saturating_add(1);
        let delay = backoff.delay(self.failures, jitter).max(wish.unwrap_or(TimeSpan::ZERO));
        self.not_before = later(now, delay);
    }
}

/// A call of which there is one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Call {
    pub(super) retry: Retry,
    pub(super) in_flight: bool,
}

impl Call {
    /// Whether it may be made now.
    pub(super) fn is_ready(&self, now: Timestamp) -> bool {
        !self.in_flight && self.retry.not_before <= now
    }

    /// It came back well.
    pub(super) fn succeed(&mut self) {
        *self = Self::default();
    }

    /// It came back badly.
    pub(super) fn fail(&mut self, backoff: Backoff, wish: Option<TimeSpan>, now: Timestamp, jitter: u64) {
        self.in_flight = false;
        self.retry.fail(backoff, wish, now, jitter);
    }
}

/// A time later than `now`; the end of time if that is beyond it.
pub(super) fn later(now: Timestamp, span: TimeSpan) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BACKOFF: Backoff = Backoff { first: TimeSpan::from_millis(500), cap: TimeSpan::from_secs(30) };

    proptest! {
        #[test]
        fn a_delay_is_between_half_and_the_whole(failures in 1u32.., jitter: u64) {
            let delay = BACKOFF.delay(failures, jitter);
            prop_assert!(delay >= TimeSpan::from_millis(250) && delay <= BACKOFF.cap);
            prop_assert!(failures < 7 || delay >= BACKOFF.cap / 2);
        }

        #[test]
        fn more_jitter_is_more_delay(failures in 1u32..40, a: u64, b: u64) {
            prop_assert_eq!(a <= b, a <= b && BACKOFF.delay(failures, a) <= BACKOFF.delay(failures, b));
        }
    }

    #[test]
    fn doubles_up_to_the_cap() {
        let longest: Vec<_> = (1..=8).map(|n| BACKOFF.delay(n, u64::MAX).as_millis()).collect();
        assert_eq!(longest, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    }
}
