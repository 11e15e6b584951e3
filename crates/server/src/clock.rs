//! The one door to time.
//!
//! Decisions take their `now` from the catalog row they are about (PROTOCOL, rule 6); the host's clock is read only
//! here: by the embedded catalog, whose host is the database's host, and to measure how long things take.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use domain::{TimeSpan, Timestamp};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The time now, in UTC, to the microsecond.
    fn now(&self) -> Timestamp;

    /// The time since some moment, which is the same for the life of the process. It never goes back and knows nothing of
    /// the calendar: for whatever counts from one call to another in this process's memory.
    fn monotonic(&self) -> TimeSpan;
}

/// The host's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostClock;

/// The moment from which [`HostClock::monotonic`] counts.
#[expect(clippy::disallowed_methods, reason = "the one place where durations are measured")]
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for HostClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the host's clock is read")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).expect("a time cut to the microsecond is a time")
    }

    fn monotonic(&self) -> TimeSpan {
        TimeSpan::try_from(BEGINNING.elapsed()).expect("no process runs for 292 billion years")
    }
}

/// A clock that stands still until it is moved: for tests and simulations.
#[derive(Debug)]
pub struct ManualClock {
    /// Microseconds since 1970.
    micros: AtomicI64,
    /// Microseconds by which it was advanced.
    passed: AtomicI64,
}

impl ManualClock {
    /// Stands at `start`, cut to the microsecond.
    pub fn new(start: Timestamp) -> Self {
        Self { micros: AtomicI64::new(start.as_microsecond()), passed: AtomicI64::new(0) }
    }

    /// Sets it to `to`, forward or back. No time passes.
    pub fn set(&self, to: Timestamp) {
        self.micros.store(to.as_microsecond(), Ordering::SeqCst);
    }

    /// Lets a span pass, which is cut to the microsecond.
    ///
    /// # Panics
    /// If the span has more than 2^63 microseconds.
    pub fn advance(&self, by: TimeSpan) {
        let micros = i64::try_from(by.as_micros()).expect("a test moves its clock by less than 292,000 years");
        self.micros.fetch_add(micros, Ordering::SeqCst);
        self.passed.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    /// # Panics
    /// If it was moved out of the years -9999 to 9999.
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.micros.load(Ordering::SeqCst)).expect("a test's time lies within the calendar")
    }

    fn monotonic(&self) -> TimeSpan {
        TimeSpan::from_micros(self.passed.load(Ordering::SeqCst))
    }
}

/// A monotonic moment, for measuring durations.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "the one place where durations are measured")]
    pub fn start() -> Self {
        Self(Instant::now())
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
        assert_eq!(clock.monotonic(), TimeSpan::from_secs(2), "setting a clock lets no time pass");
    }

    #[test]
    fn the_host_tells_whole_microseconds() {
        assert_eq!(HostClock.now().as_nanosecond() % 1_000, 0);
    }
}
