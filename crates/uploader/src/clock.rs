//! The one door to time.
//!
//! An upload lives on a time that never jumps: the wall clock is read once and then counted on by the monotonic clock.
//! If the wall clock is set back by a year, or wrong from the start, backoffs and deadlines still mean what they say;
//! a part URL that died unseen is answered by a 403 and asked for again.

use std::time::Instant;

use domain::{TimeSpan, Timestamp};

/// A time that starts at the host's wall clock and never jumps.
#[derive(Debug, Clone, Copy)]
pub struct SteadyClock {
    wall: Timestamp,
    started: Instant,
}

impl SteadyClock {
    /// Reads the wall clock once and starts counting.
    #[expect(clippy::disallowed_methods, reason = "the one place where the host's clock is read")]
    pub fn start() -> Self {
        Self { wall: Timestamp::now(), started: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let elapsed = TimeSpan::try_from(self.started.elapsed()).unwrap_or(TimeSpan::MAX);
        self.wall.saturating_add(elapsed).unwrap_or(self.wall)
    }
}

/// The host's wall clock, for saying when something was written.
#[expect(clippy::disallowed_methods, reason = "the one place where the host's clock is read")]
pub fn wall_clock() -> Timestamp {
    Timestamp::now()
}
