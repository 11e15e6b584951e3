//! How fast it goes, and what that means for whoever waits: percent, bytes, speed, time left.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use domain::{ByteCount, TimeSpan};

/// Speed is that of the last so many seconds: long enough to be steady, short enough to follow a line that changes.
const WINDOW: TimeSpan = TimeSpan::from_secs(15);
/// A speed over less than this says nothing.
const SHORTEST: TimeSpan = TimeSpan::from_secs(1);

/// Bytes that had moved at some times, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<VecDeque<(TimeSpan, u64)>>);

impl Pace {
    /// Notes how much had moved since the beginning, and says how it goes.
    pub(super) fn line(&self, elapsed: TimeSpan, bytes: u64, total: u64) -> String {
        let per_second = self.per_second(elapsed, bytes);
        let percent = bytes.saturating_mul(100) / total.max(1);
        let mut line = format!("{percent}%, {} of {}", ByteCount(bytes), ByteCount(total));
        if let Some(speed) = per_second.filter(|speed| *speed >= 1.0) {
            let left = total.saturating_sub(bytes) as f64 / speed;
            line.push_str(&format!(", {}/s, {} left", ByteCount(speed as u64), clock_time(left as i64)));
        }
        line
    }

    fn per_second(&self, elapsed: TimeSpan, bytes: u64) -> Option<f64> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push_back((elapsed, bytes));
        while seen.get(1).is_some_and(|(at, _)| elapsed - *at >= WINDOW) {
            seen.pop_front();
        }
        let (since, before) = *seen.front()?;
        let span = elapsed - since;
        // A part that failed takes its bytes back: that is no speed.
        (span >= SHORTEST).then(|| bytes.saturating_sub(before) as f64 / span.as_secs_f64())
    }
}

/// Seconds as people say them.
pub(crate) fn clock_time(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, seconds) {
        (0, 0, _) => format!("{seconds} s"),
        (0, _, 0) => format!("{minutes} min"),
        (0, ..) => format!("{minutes} min {seconds} s"),
        (_, 0, _) => format!("{hours} h"),
        _ => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn a_line_tells_percent_speed_and_time_left() {
        let pace = Pace::default();
        assert_eq!(pace.line(TimeSpan::from_secs(0), 10 * MIB, 100 * MIB), "10%, 10 MiB of 100 MiB");
        let later = pace.line(TimeSpan::from_secs(5), 30 * MIB, 100 * MIB);
        assert_eq!(later, "30%, 30 MiB of 100 MiB, 4 MiB/s, 17 s left");
        assert_eq!(Pace::default().line(TimeSpan::from_secs(0), 0, 0), "0%, 0 B of 0 B");
        assert_eq!([59, 61, 120, 3_600, 3_661].map(clock_time), ["59 s", "1 min 1 s", "2 min", "1 h", "1 h 1 min"]);
    }

    /// A fast beginning is forgotten when the line has become slow, and a standstill has no time left.
    #[test]
    fn only_the_last_seconds_count() {
        let pace = Pace::default();
        for second in 0..10 {
            pace.line(TimeSpan::from_secs(second), 50 * MIB * second as u64, 1_000 * MIB);
        }
        for second in 10..40 {
            pace.line(TimeSpan::from_secs(second), (450 + second as u64) * MIB, 1_000 * MIB);
        }
        let slow = pace.line(TimeSpan::from_secs(40), 490 * MIB, 1_000 * MIB);
        assert_eq!(slow, "49%, 490 MiB of 1000 MiB, 1 MiB/s, 8 min 30 s left");
        for second in 41..60 {
            pace.line(TimeSpan::from_secs(second), 490 * MIB, 1_000 * MIB);
        }
        assert_eq!(pace.line(TimeSpan::from_secs(60), 490 * MIB, 1_000 * MIB), "49%, 490 MiB of 1000 MiB");
    }
}
