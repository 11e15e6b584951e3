//! The one door to time.
//!
//! Decisions take their `now` from the catalog row they are about (PROTOCOL, rule 6); the host's clock is read only
//! here: by the embedded catalog, whose host is the database's host, and to measure how long things take.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::{TimeSpan, Timestamp};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The time now, in UTC, to the microsecond.
    fn now(&self) -> Timestamp;
}

/// The host's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostClock;

impl Clock for HostClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the host's clock is read")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).expect("a time cut to the microsecond is a time")
    }
}

/// A clock that stands still until it is moved: for tests and simulations.
#[derive(Debug)]
pub struct ManualClock {
    /// Microseconds since 1970.
    micros: AtomicI64,
}

impl ManualClock {
    /// Stands at `start`, cut to the microsecond.
    pub fn new(start: Timestamp) -> Self {
        Self { micros: AtomicI64::new(start.as_microsecond()) }
    }

    /// Moves it to `to`, forward or back.
    pub fn set(&self, to: Timestamp) {
        self.micros.store(to.as_microsecond(), Ordering::SeqCst);
    }

    /// Moves it by a span, which is cut to the microsecond.
    ///
    /// # Panics
    /// If the span has more than 2^63 microseconds.
    pub fn advance(&self, by: TimeSpan) {
        let micros = i64::try_from(by.as_micros()).expect("a test moves its clock by less than 292,000 years");
        self.micros.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    /// # Panics
    /// If it was moved out of the years -9999 to 9999.
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.micros.load(Ordering::SeqCst)).expect("a test's time lies within the calendar")
    }
}

/// A monotonic moment, for measuring durations.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "the one place where durations are measured")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Seconds since the start.
    pub fn elapsed_seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_when_told() {
        let clock = ManualClock::new(Timestamp::from_nanosecond(1_500).unwrap());
        assert_eq!(clock.now(), Timestamp::from_microsecond(1).unwrap());
        clock.advance(TimeSpan::from_secs(2));
        assert_eq!(clock.now(), Timestamp::from_microsecond(2_000_001).unwrap());
        clock.set(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn the_host_tells_whole_microseconds() {
        assert_eq!(HostClock.now().as_nanosecond() % 1_000, 0);
    }
}
