//! The jobs: what finishes whatever a crash, a slow store or an absent client left behind.
//!
//! A job takes no input, asks the catalog what is due, and calls the same use cases that requests call; there is no
//! queue to lose. *Invariant*: every job is idempotent and harmless if two run at once; the lease only saves work.

mod destroy_files;
mod drive_commits;
mod expire_assets;
mod finish_single;
mod raise_epoch;
mod recheck_files;
mod reconcile_buckets;
mod run;

pub use run::{ExpireSchedule, InvalidSchedule, Job, JobError, Jobs, Reaped, Schedules, Tempo, reap, round};
