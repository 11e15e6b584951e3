//! GCRA, the generic cell rate algorithm: a token bucket that needs one timestamp per key.
//!
//! ITU-T I.371, in its virtual scheduling form: the *theoretical arrival time* moves one interval into the future with
//! each request, and a request is refused while it is further ahead than the burst allows.

use jiff::{SignedDuration, Timestamp};

/// How many requests are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    interval: SignedDuration,
    burst: u32,
}

/// The answer for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateDecision {
    /// Whether it may go on, and if not, when it may.
    pub admission: Admission,
    /// Requests left right now.
    pub remaining: u32,
    /// When the whole burst is available again.
    pub reset_after: SignedDuration,
    /// What to remember for the key.
    pub arrival: Timestamp,
}

/// Yes, or not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Go on.
    Admitted,
    /// Try again after this long.
    Refused(SignedDuration),
}

impl Rate {
    /// `per_minute` requests evenly, and up to `burst` at once. `None` if either is zero or the rate is over one per
    /// microsecond.
    pub fn per_minute(per_minute: u32, burst: u32) -> Option<Self> {
        let micros = 60_000_000i64.checked_div(i64::from(per_minute))?;
        (micros > 0 && burst > 0).then(|| Self { interval: SignedDuration::from_micros(micros), burst })
    }

    /// Requests allowed at once.
    pub const fn burst(&self) -> u32 {
        self.burst
    }

    /// How long it takes until a burst that was used up is full again.
    pub fn window(&self) -> SignedDuration {
        self.interval * i32::try_from(self.burst).unwrap_or(i32::MAX)
    }

    /// Judges a request at `now`, given what was remembered for its key. It counts as `cost` requests, at least one and
    /// at most the burst: what costs more would never be admitted. Also after a clock was set back nobody waits longer than
    /// the request costs: what is remembered never counts for more than a burst that was used up.
    pub fn admit(&self, remembered: Option<Timestamp>, now: Timestamp, cost: u32) -> RateDecision {
        let tolerance = self.window();
        let arrival = remembered.map_or(now, |at| at.clamp(now, now + tolerance));
        let cost = i32::try_from(cost.clamp(1, self.burst)).unwrap_or(i32::MAX);
        let next = arrival + self.interval * cost;
        let ahead = next.duration_since(now);
        if ahead > tolerance {
            let reset_after = arrival.duration_since(now);
            return RateDecision {
                admission: Admission::Refused(ahead - tolerance),
                remaining: 0,
                reset_after,
                arrival,
            };
        }
        let left = (tolerance - ahead).as_micros() / self.interval.as_micros();
        let remaining = u32::try_from(left).unwrap_or(u32::MAX);
        RateDecision { admission: Admission::Admitted, remaining, reset_after: ahead, arrival: next }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_then_a_steady_rate() {
        let rate = Rate::per_minute(60, 3).unwrap();
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        let mut memory = None;
        let mut ask = |millis| {
            let verdict = rate.admit(memory, at(millis), 1);
            memory = Some(verdict.arrival);
            (verdict.admission, verdict.remaining)
        };
        assert_eq!(ask(0), (Admission::Admitted, 2));
        assert_eq!(ask(0), (Admission::Admitted, 1));
        assert_eq!(ask(0), (Admission::Admitted, 0));
        assert_eq!(ask(0), (Admission::Refused(SignedDuration::from_secs(1)), 0));
        assert_eq!(ask(600), (Admission::Refused(SignedDuration::from_millis(400)), 0));
        assert_eq!(ask(1000), (Admission::Admitted, 0));
        assert_eq!(ask(60_000), (Admission::Admitted, 2));
    }

    #[test]
    fn what_costs_more_counts_more_and_never_more_than_all() {
        let rate = Rate::per_minute(60, 10).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let first = rate.admit(None, now, 4);
        assert_eq!((first.admission, first.remaining), (Admission::Admitted, 6));
        let second = rate.admit(Some(first.arrival), now, 7);
        assert_eq!(
            (second.admission, second.arrival),
            (Admission::Refused(SignedDuration::from_secs(1)), first.arrival)
        );
        let all = rate.admit(None, now, 1_000);
        assert_eq!((all.admission, all.remaining), (Admission::Admitted, 0));
        assert_eq!(rate.admit(None, now, 0).remaining, 9, "nothing is free");
    }

    #[test]
    fn a_clock_that_was_set_back_holds_nobody_up() {
        let rate = Rate::per_minute(60, 3).unwrap();
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let refused = rate.admit(Some(at(6 * 3600)), at(0), 1);
        assert_eq!(refused.admission, Admission::Refused(SignedDuration::from_secs(1)));
        assert_eq!(refused.reset_after, rate.window());
        assert_eq!(rate.admit(Some(refused.arrival), at(1), 1).admission, Admission::Admitted);
    }

    proptest! {
        #[test]
        fn nobody_waits_longer_than_an_interval(remembered in 0i64..9_999_999, now in 0i64..9_999_999, burst in 1u32..10) {
            let rate = Rate::per_minute(60, burst).unwrap();
            let [remembered, now] = [remembered, now].map(|second| Timestamp::from_second(second).unwrap());
            let verdict = rate.admit(Some(remembered), now, 1);
            prop_assert!(verdict.reset_after <= rate.window());
            if let Admission::Refused(wait) = verdict.admission {
                prop_assert!(wait <= SignedDuration::from_secs(1));
            }
        }

        #[test]
        fn never_more_than_burst_plus_rate(gaps in proptest::collection::vec(0i64..2_000, 1..200), burst in 1u32..10) {
            let rate = Rate::per_minute(60, burst).unwrap();
            let (mut clock, mut memory, mut admitted) = (0, None, 0i64);
            for gap in gaps {
                clock += gap;
                let verdict = rate.admit(memory, Timestamp::from_millisecond(clock).unwrap(), 1);
                memory = Some(verdict.arrival);
                admitted += i64::from(verdict.admission == Admission::Admitted);
            }
            prop_assert!(admitted <= i64::from(burst) + clock / 1000);
        }
    }
}
