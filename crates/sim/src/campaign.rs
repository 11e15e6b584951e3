//! Many seeds, on two threads, and what they show together.
//!
//! *Invariant*: seeds share nothing, so the order in which they run changes no outcome.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::ablation::Ablation;
use crate::coverage::Coverage;
use crate::executor::lock;
use crate::run::{Outcome, Plan, Trace, run};
use crate::truth::{Assets, Breach};
use crate::world::Tally;

/// Seeds are independent, and CI has two cores.
const THREADS: usize = 2;

/// What to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Campaign {
    /// The first seed.
    pub first: u64,
    /// How many seeds.
    pub seeds: u64,
    /// The guard that is taken away, if any.
    pub ablation: Option<Ablation>,
}

/// A seed that broke a law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The store it ran on.
    pub store: &'static str,
    /// What it broke.
    pub breach: Breach,
}

/// What many seeds showed.
#[derive(Debug, Default)]
pub struct Findings {
    /// Seeds that ran.
    pub seeds: u64,
    /// Everything that happened in them.
    pub tally: Tally,
    /// How assets fared.
    pub assets: Assets,
    /// Mix-ups of catalog and buckets, by name.
    pub drills: BTreeMap<&'static str, u64>,
    /// Which cells were reached.
    pub coverage: Coverage,
    /// The seeds that broke a law, lowest first.
    pub failures: Vec<Failure>,
}

impl Findings {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.seeds += 1;
        self.tally.port_calls += outcome.tally.port_calls;
        self.tally.guard_calls += outcome.tally.guard_calls;
        self.tally.calm_calls += outcome.tally.calm_calls;
        self.tally.faults += outcome.tally.faults;
        self.tally.crashes += outcome.tally.crashes;
        self.tally.zombies += outcome.tally.zombies;
        self.assets.reserved += outcome.assets.reserved;
        self.assets.created += outcome.assets.created;
        self.assets.undeclared += outcome.assets.undeclared;
        self.assets.left_alone += outcome.assets.left_alone;
        if let Some(drill) = outcome.drill {
            *self.drills.entry(drill).or_default() += 1;
        }
        self.coverage.add(&outcome.coverage);
        if let Some(breach) = outcome.breach {
            self.failures.push(Failure { seed, store: outcome.store, breach });
        }
    }

    /// The figures, for people.
    pub fn report(&self) -> String {
        let each = |count: u64| count as f64 / self.seeds.max(1) as f64;
        let Tally { port_calls, guard_calls, calm_calls, faults, crashes, zombies } = self.tally;
        let Assets { reserved, created, undeclared, left_alone } = self.assets;
        let (reached, possible) = self.coverage.reached();
        let mut text = String::new();
        let lines = [
            format!("seeds {}", self.seeds),
            format!("port calls about uploads while things fail, each seed {:.1}", each(port_calls)),
            format!("port calls about markers and clocks meanwhile, each seed {:.1}", each(guard_calls)),
            format!("port calls afterwards, each seed {:.1}", each(calm_calls)),
            format!("faults, each seed {:.1}", each(faults)),
            format!("crashes, each seed {:.2}", each(crashes)),
            format!("late requests that landed, each seed {:.2}", each(zombies)),
            format!("assets reserved {reserved}, of them CREATED {created}"),
            format!("CREATED with a file of undeclared size {undeclared}, with one that nobody completes {left_alone}"),
            format!("cells (state, step, fault) reached {reached} of {possible}"),
        ];
        lines.iter().for_each(|line| writeln!(text, "{line}").expect("a string takes text"));
        for (drill, count) in &self.drills {
            writeln!(text, "drills {drill} {count}").expect("a string takes text");
        }
        for row in self.coverage.missing() {
            writeln!(text, "never reached: {row}").expect("a string takes text");
        }
        for row in self.coverage.surprising() {
            writeln!(text, "reached against the table: {row}").expect("a string takes text");
        }
        for Failure { seed, store, breach: Breach { law, what } } in &self.failures {
            writeln!(text, "seed {seed} on {store} broke {law}: {what}").expect("a string takes text");
        }
        text
    }
}

/// When to stop before the last seed.
pub trait Patience: Sync {
    /// Whether it is over.
    fn is_over(&self) -> bool;
}

/// Never.
#[derive(Debug, Clone, Copy)]
pub struct Endless;

impl Patience for Endless {
    fn is_over(&self) -> bool {
        false
    }
}

impl Campaign {
    /// Runs the seeds until all have run, one has broken a law, or patience is over.
    pub fn run(self, patience: &dyn Patience) -> Findings {
        let next = AtomicU64::new(self.first);
        let end = self.first.saturating_add(self.seeds);
        let stop = AtomicBool::new(false);
        let findings = Mutex::new(Findings::default());
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    let mut own = Vec::new();
                    while !stop.load(Ordering::Relaxed) && !patience.is_over() {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= end {
                            break;
                        }
                        let outcome = run(Plan { seed, ablation: self.ablation, trace: Trace::Dropped });
                        if outcome.breach.is_some() {
                            stop.store(true, Ordering::Relaxed);
                        }
                        own.push((seed, outcome));
                        if own.len() == 64 {
                            own.drain(..).for_each(|(seed, outcome)| lock(&findings).add(seed, outcome));
                        }
                    }
                    own.into_iter().for_each(|(seed, outcome)| lock(&findings).add(seed, outcome));
                });
            }
        });
        let mut findings = findings.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        findings.failures.sort_by_key(|failure| failure.seed);
        findings
    }
}

/// The first seed, from where its search begins, at which an ablation breaks the law that it must break; `None` if none of
/// so many does as it must be found within. Other laws that break before are passed over.
pub fn find(ablation: Ablation) -> Option<Failure> {
    let first = ablation.begins_at();
    (first..first + ablation.within()).find_map(|seed| {
        let outcome = run(Plan { seed, ablation: Some(ablation), trace: Trace::Dropped });
        let breach = outcome.breach.filter(|breach| ablation.breaks().contains(&&*breach.law))?;
        Some(Failure { seed, store: outcome.store, breach })
    })
}
