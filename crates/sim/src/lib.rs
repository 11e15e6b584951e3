//! Deterministic simulation: the real use cases and the real jobs, in one thread, from one seed.
//!
//! `server::app` and `server::jobs` run unmodified. Their ports are simulated: every call waits until the scheduler
//! lets it go, and meets what PROTOCOL says can go wrong with it. A crash drops the futures of a process where they
//! stand. After every step the invariants are held against what catalog and store really hold; when the storm is over,
//! the jobs must bring every file to its end by themselves. *Invariant*: the same seed is the same run.

mod ablation;
mod call;
mod campaign;
mod catalog;
mod chance;
mod clients;
mod clocks;
#[cfg(test)]
mod conformance;
mod coverage;
mod credentials;
mod drill;
mod executor;
mod fleet;
mod kept;
mod listing;
mod matter;
mod network;
mod page;
mod panics;
mod profile;
mod run;
mod scheduler;
mod source;
mod store;
mod truth;
mod world;

pub use ablation::Ablation;
pub use campaign::{Campaign, Endless, Failure, Findings, Patience, find};
pub use coverage::Coverage;
pub use kept::{Kept, kept_seeds, line_of};
pub use page::page;
pub use run::{Outcome, Plan, Trace, run};
pub use truth::{Assets, Breach};
pub use world::Tally;
