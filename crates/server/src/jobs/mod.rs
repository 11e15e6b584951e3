//! The jobs: what finishes whatever a crash, a slow store or an absent client left behind.
//!
//! What is owed stands in the rows ([`domain::due`]), so there is no queue to lose: one runner takes what is due, lane by
//! lane, and calls the same use cases that requests call. *Invariant*: every duty is idempotent and harmless if two perform
//! it at once; sharing only saves work.

mod lanes;
mod page;
mod runner;
mod schedules;

pub use runner::{Job, JobError, Jobs, Reaped, Rest, Runner, Tempo, reap};
pub use schedules::{Scheduled, Schedules};
