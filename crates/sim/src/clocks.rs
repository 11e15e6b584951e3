//! Clocks that do not agree: the store's and each process's, beside the catalog's, which is the world's.
//!
//! Not the flow of time. Each seed has small differences, which nothing may depend on; in some seeds one clock is set
//! wrong for a while, by more than the limit. *Invariant*: what a clock says changes nothing about when something happens.

use std::sync::Arc;

use domain::limits::SKEW_STOPS;
use domain::{TimeSpan, Timestamp};
use server::clock::Clock;

use crate::ablation::Ablation;
use crate::chance::Chance;
use crate::executor::lock;
use crate::fleet::PROCESSES;
use crate::world::World;

/// Seeds without another drill in which a clock is set wrong, in a thousand.
const PER_MILLE: u32 = 300;
/// Port calls after which that happens, at the least and at the most.
const WRONG_CALLS: (u64, u64) = (60, 260);

/// A moment, as it is and as the store says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) real: Timestamp,
    pub(crate) told: Timestamp,
}

impl Moment {
    /// A moment about which the clocks agree.
    pub(crate) const fn agreed(at: Timestamp) -> Self {
        Self { real: at, told: at }
    }
}

/// How far clocks are ahead of the catalog's.
pub(crate) struct Clocks {
    store: TimeSpan,
    hosts: [TimeSpan; PROCESSES],
}

impl Clocks {
    /// The small differences of a seed: none or seconds, and in one clock of ten minutes.
    pub(crate) fn of(chance: &mut Chance) -> Self {
        let mut small = || {
            let most = chance.pick(&[0, 0, 0, 2, 2, 20, 20, 20, 20, 240]);
            let millis = i64::try_from(chance.between(0, most * 1_000)).expect("it is small");
            signed(chance, TimeSpan::from_millis(millis))
        };
        Self { store: small(), hosts: std::array::from_fn(|_| small()) }
    }

    /// All of them agree.
    #[cfg(test)]
    pub(crate) const fn agreed() -> Self {
        Self { store: TimeSpan::ZERO, hosts: [TimeSpan::ZERO; PROCESSES] }
    }

    pub(crate) fn of_store(&self) -> TimeSpan {
        self.store
    }

    /// The largest difference that a process could measure.
    pub(crate) fn worst(&self, process: usize) -> TimeSpan {
        self.store.abs().max(self.hosts[process].abs())
    }
}

fn signed(chance: &mut Chance, span: TimeSpan) -> TimeSpan {
    if chance.odds(500) { span } else { -span }
}

/// A clock that is set wrong, and put right again.
pub(crate) struct Jolt {
    /// A process's, or the store's.
    host: Option<usize>,
    by: TimeSpan,
    after_calls: u64,
    length: TimeSpan,
    stage: Stage,
}

enum Stage {
    Planned,
    /// Until then; what it differed by before.
    Wrong(Timestamp, TimeSpan),
    Over,
}

impl Jolt {
    /// The jolt of this seed, if it has one.
    pub(crate) fn of(chance: &mut Chance) -> Option<Self> {
        if !chance.odds(PER_MILLE) {
            return None;
        }
        let host = chance.odds(400).then(|| chance.below(PROCESSES));
        let minutes = chance.pick(&[1, 5, 60, 26 * 60]);
        let by = signed(chance, SKEW_STOPS + TimeSpan::from_mins(minutes));
        let after_calls = chance.between(WRONG_CALLS.0, WRONG_CALLS.1);
        let length = TimeSpan::from_hours(chance.pick(&[1, 8, 72, 10 * 24]));
        Some(Self { host, by, after_calls, length, stage: Stage::Planned })
    }

    /// Its name, once it came.
    pub(crate) const fn name(&self) -> Option<&'static str> {
        match (&self.stage, self.host) {
            (Stage::Planned, _) => None,
            (Stage::Wrong(..) | Stage::Over, Some(_)) => Some("host-clock-wrong"),
            (Stage::Wrong(..) | Stage::Over, None) => Some("store-clock-wrong"),
        }
    }

    /// Does what is due.
    pub(crate) fn advance(&mut self, world: &World) {
        match self.stage {
            Stage::Planned if lock(&world.desk).tally.port_calls >= self.after_calls => {
                world.note(|| format!("the clock of {} is set wrong by {:#}", self.whose(), self.by));
                let before = std::mem::replace(self.clock(&mut lock(&world.clocks)), self.by);
                if self.host.is_none() {
                    lock(&world.truth).stamps_differ(self.by);
                }
                self.stage = Stage::Wrong(world.now() + self.length, before);
            }
            Stage::Wrong(until, before) if world.now() >= until => self.put_right(world, before),
            Stage::Planned | Stage::Wrong(..) | Stage::Over => {}
        }
    }

    /// Puts the clock right, if it is wrong now.
    pub(crate) fn end(&mut self, world: &World) {
        if let Stage::Wrong(_, before) = self.stage {
            self.put_right(world, before);
        }
    }

    fn put_right(&mut self, world: &World, before: TimeSpan) {
        world.note(|| format!("the clock of {} is put right", self.whose()));
        *self.clock(&mut lock(&world.clocks)) = before;
        self.stage = Stage::Over;
    }

    fn clock<'a>(&self, clocks: &'a mut Clocks) -> &'a mut TimeSpan {
        match self.host {
            Some(process) => &mut clocks.hosts[process],
            None => &mut clocks.store,
        }
    }

    fn whose(&self) -> String {
        self.host.map_or_else(|| "the store".to_owned(), |process| format!("process {process}"))
    }
}

impl World {
    /// Now, as it is and as the store says it.
    pub(crate) fn moment(&self) -> Moment {
        let real = self.now();
        Moment { real, told: real + lock(&self.clocks).store }
    }
}

/// The clock of the host that a process runs on.
pub(crate) struct HostClock {
    pub(crate) world: Arc<World>,
    pub(crate) process: usize,
}

impl Clock for HostClock {
    fn now(&self) -> Timestamp {
        let skew = lock(&self.world.clocks).hosts[self.process];
        self.world.now() + if self.world.is_ablated(Ablation::IgnoreSkew) { TimeSpan::ZERO } else { skew }
    }

    fn monotonic(&self) -> TimeSpan {
        self.world.now().duration_since(Timestamp::UNIX_EPOCH)
    }
}
