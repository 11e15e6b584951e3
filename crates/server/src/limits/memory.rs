//! Limits in the memory of one process: right for one server, and one server's share for several.
//!
//! *Invariant*: no more than `capacity` names are remembered. Who is forgotten first is who is closest to a full burst;
//! forgetting somebody whose burst is full changes nothing. The time is that which passes in this process: a wall clock that
//! is set holds nobody up.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::Timestamp;
use domain::rate::Rate;

use super::{Limits, LimitsError, RateLimitStanding};
use crate::clock::Clock;

/// Names remembered by default: about 200 bytes each, so 20 MB when a hundred thousand are active at once.
pub const DEFAULT_CAPACITY: usize = 100_000;

/// See the module.
pub struct MemoryLimits {
    rate: Rate,
    capacity: usize,
    clock: Arc<dyn Clock>,
    names: Mutex<Names>,
}

/// When each name's burst is full again, by name and by time.
#[derive(Default)]
struct Names {
    arrivals: HashMap<Arc<str>, Timestamp>,
    by_time: BTreeSet<(Timestamp, Arc<str>)>,
}

impl MemoryLimits {
    /// A limiter that remembers at most `capacity` names, at least one.
    pub fn new(rate: Rate, capacity: usize, clock: Arc<dyn Clock>) -> Self {
        Self { rate, capacity: capacity.max(1), clock, names: Mutex::default() }
    }
}

impl Names {
    fn remember(&mut self, name: &str, arrival: Timestamp) {
        let name = match self.arrivals.get_key_value(name) {
            Some((name, before)) => {
                let name = name.clone();
                self.by_time.remove(&(*before, name.clone()));
                name
            }
            None => Arc::from(name),
        };
        self.by_time.insert((arrival, name.clone()));
        self.arrivals.insert(name, arrival);
    }

    /// Forgets everybody whose burst is full, and then whoever must go to keep the bound.
    fn forget(&mut self, now: Timestamp, capacity: usize) {
        while let Some((arrival, _)) = self.by_time.first() {
            if *arrival > now && self.by_time.len() <= capacity {
                return;
            }
            let (_, name) = self.by_time.pop_first().expect("there is a first");
            self.arrivals.remove(&name);
        }
    }
}

#[async_trait]
impl Limits for MemoryLimits {
    async fn admit(&self, name: &str, cost: u32) -> Result<RateLimitStanding, LimitsError> {
        // Nothing in here panics half-way: whatever another thread left is consistent.
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Timestamp::UNIX_EPOCH + self.clock.monotonic();
        let verdict = self.rate.admit(names.arrivals.get(name).copied(), now, cost);
        names.remember(name, verdict.arrival);
        names.forget(now, self.capacity);
        Ok(RateLimitStanding {
            admission: verdict.admission,
            remaining: verdict.remaining,
            reset_after: verdict.reset_after,
            rate: self.rate,
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::TimeSpan;
    use domain::rate::Admission;

    use super::super::conformance::{Harness, rate};
    use super::*;
    use crate::clock::ManualClock;

    struct MemoryHarness(MemoryLimits, Arc<ManualClock>);

    fn harness(rate: Rate, capacity: usize) -> MemoryHarness {
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        MemoryHarness(MemoryLimits::new(rate, capacity, clock.clone()), clock)
    }

    #[async_trait]
    impl Harness for MemoryHarness {
        async fn start(rate: Rate) -> Self {
            harness(rate, DEFAULT_CAPACITY)
        }

        fn limits(&self) -> &dyn Limits {
            &self.0
        }

        async fn pass(&self, span: TimeSpan) {
            // The clock has microseconds; a wait has to be over, so it is rounded up.
            self.1.advance(span + TimeSpan::from_micros(1));
        }

        async fn stop(self) {}
    }

    crate::limits_conformance!(MemoryHarness);

    async fn ask(harness: &MemoryHarness, name: &str) -> RateLimitStanding {
        harness.0.admit(name, 1).await.unwrap()
    }

    fn remembered(harness: &MemoryHarness) -> usize {
        let names = harness.0.names.lock().unwrap();
        assert_eq!(names.arrivals.len(), names.by_time.len());
        names.arrivals.len()
    }

    /// Neither those who were limited, nor those who come later and would find no room beside them.
    #[tokio::test]
    async fn a_clock_that_is_set_changes_nothing() {
        let harness = harness(rate(), 10);
        for hours in [6, -6, 0] {
            harness.1.set(Timestamp::UNIX_EPOCH + TimeSpan::from_hours(hours));
            while ask(&harness, "busy").await.admission == Admission::Admitted {}
            for n in 0..20 {
                ask(&harness, &format!("owner-{n}")).await;
            }
            assert!(matches!(ask(&harness, "busy").await.admission, Admission::Refused(_)), "{hours} h");
            harness.pass(rate().window()).await;
            assert_eq!(ask(&harness, "busy").await.remaining, rate().burst() - 1, "{hours} h");
        }
    }

    #[tokio::test]
    async fn the_rested_are_forgotten() {
        let harness = harness(rate(), 100);
        for n in 0..50 {
            ask(&harness, &format!("owner-{n}")).await;
        }
        assert_eq!(remembered(&harness), 50);
        harness.pass(TimeSpan::from_secs(10)).await;
        ask(&harness, "another").await;
        assert_eq!(remembered(&harness), 1);
    }

    #[tokio::test]
    async fn the_bound_holds_and_the_busiest_stay_limited() {
        let harness = harness(rate(), 10);
        while ask(&harness, "busy").await.admission == Admission::Admitted {}
        for n in 0..1_000 {
            ask(&harness, &format!("owner-{n}")).await;
        }
        assert_eq!(remembered(&harness), 10);
        assert!(matches!(ask(&harness, "busy").await.admission, Admission::Refused(_)));
    }
}
