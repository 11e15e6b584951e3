//! Limits in the memory of one process: right for one server, and one server's share for several.
//!
//! *Invariant*: no more than `capacity` owners are remembered. Who is forgotten first is who is closest to a full burst;
//! forgetting somebody whose burst is full changes nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::rate::Rate;
use domain::{OwnerId, Timestamp};

use super::{Limits, LimitsError, Standing};
use crate::clock::Clock;

/// Owners remembered by default: about 200 bytes each, so 20 MB when a hundred thousand are active at once.
pub const DEFAULT_CAPACITY: usize = 100_000;

/// See the module.
pub struct MemoryLimits {
    rate: Rate,
    capacity: usize,
    clock: Arc<dyn Clock>,
    owners: Mutex<Owners>,
}

/// When each owner's burst is full again, by owner and by time.
#[derive(Default)]
struct Owners {
    arrivals: HashMap<Arc<OwnerId>, Timestamp>,
    by_time: BTreeSet<(Timestamp, Arc<OwnerId>)>,
}

impl MemoryLimits {
    /// A limiter that remembers at most `capacity` owners, at least one.
    pub fn new(rate: Rate, capacity: usize, clock: Arc<dyn Clock>) -> Self {
        Self { rate, capacity: capacity.max(1), clock, owners: Mutex::default() }
    }
}

impl Owners {
    fn remember(&mut self, owner: &OwnerId, arrival: Timestamp) {
        let name = match self.arrivals.get_key_value(owner) {
            Some((name, before)) => {
                let name = name.clone();
                self.by_time.remove(&(*before, name.clone()));
                name
            }
            None => Arc::new(owner.clone()),
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
            let (_, owner) = self.by_time.pop_first().expect("there is a first");
            self.arrivals.remove(&owner);
        }
    }
}

#[async_trait]
impl Limits for MemoryLimits {
    async fn admit(&self, owner: &OwnerId) -> Result<Standing, LimitsError> {
        // Nothing in here panics half-way: whatever another thread left is consistent.
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let verdict = self.rate.admit(owners.arrivals.get(owner).copied(), now);
        owners.remember(owner, verdict.arrival);
        owners.forget(now, self.capacity);
        Ok(Standing {
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

    async fn ask(harness: &MemoryHarness, name: &str) -> Standing {
        harness.0.admit(&OwnerId::parse(name).unwrap()).await.unwrap()
    }

    fn remembered(harness: &MemoryHarness) -> usize {
        let owners = harness.0.owners.lock().unwrap();
        assert_eq!(owners.arrivals.len(), owners.by_time.len());
        owners.arrivals.len()
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
