//! What is done by the clock. When next stands in the catalog, so that a time at which no server ran is made up for, and
//! of several servers one does it.
//!
//! - expire: the lane is opened if and only if a run's time has come and what is due is plausible.
//! - reconcile: buckets and catalog are compared, and a sample of what is published is read and compared with what was
//!   recorded, if and only if the daily time has come.
//! - raise-epoch: the epoch rises if and only if catalog and buckets belong together, and its last rise is a period ago
//!   or this server has just started: a catalog from before that start is known for what it is.
//! - forget-requests: the record of a request is forgotten if and only if it is older than
//!   [`crate::catalog::IDEMPOTENCY_KEPT`].

use domain::due::{SLOTS, backoff};
use domain::limits::{BACKOFF_MOST, LEAP_SETTLES};
use domain::{Fence, Timestamp};
use tokio_util::sync::CancellationToken;

use super::runner::{EXPIRE, Job, JobError, Rest, Runner};
use crate::app::{Breaker, ExpireError, Forgotten, Pace, PortError, ReconcileTerms, Rehearsal};
use crate::catalog::{FORGOTTEN_AT_ONCE, Schedule, ScheduledRun, Stamped, Verdict, Written};
use crate::recurrence::Recurrence;

/// Something that is done by the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheduled {
    /// Opens the expire lane.
    Expire,
    /// Compares buckets and catalog.
    Reconcile,
    /// Raises the epoch by which a restored catalog is known.
    RaiseEpoch,
    /// Forgets old requests.
    ForgetRequests,
}

impl Scheduled {
    /// The name in the catalog.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expire => EXPIRE,
            Self::Reconcile => "reconcile",
            Self::RaiseEpoch => "raise-epoch",
            Self::ForgetRequests => "forget-requests",
        }
    }

    /// In which of the slots that servers share.
    const fn slot(self) -> u8 {
        self as u8 * 5 % SLOTS
    }
}

/// When the jobs that have a time of day are due.
#[derive(Debug, Clone)]
pub struct Schedules {
    /// Expire.
    pub expire: Recurrence,
    /// Reconcile.
    pub reconcile: Recurrence,
}

/// What was done, and what others go by.
struct Performed {
    found: u64,
    run: Option<ScheduledRun>,
}

const _: () = assert!(BACKOFF_MOST.as_secs() <= LEAP_SETTLES.as_secs());

impl Runner {
    fn next_after(&self, scheduled: Scheduled, now: Timestamp) -> Timestamp {
        // A schedule that was read has a next time for ever.
        let by_cron = |schedule: &Recurrence| schedule.next_after(now).unwrap_or(Timestamp::MAX);
        match scheduled {
            Scheduled::Expire => by_cron(&self.schedules.expire),
            Scheduled::Reconcile => by_cron(&self.schedules.reconcile),
            Scheduled::RaiseEpoch => now + self.tempo.epoch,
            Scheduled::ForgetRequests => now + self.tempo.forget,
        }
    }

    pub(super) async fn scheduled_round(
        &self,
        scheduled: Scheduled,
        stop: &CancellationToken,
    ) -> Result<(Rest, u64), JobError> {
        if !self.slots().iter().any(|slot| slot.index() == scheduled.slot()) {
            return Ok((Rest::Idle, 0));
        }
        let catalog = self.app.catalog();
        let read = catalog.find_schedule(scheduled.name()).await.map_err(PortError::Catalog)?;
        let Stamped { now, value } = read;
        let next = self.next_after(scheduled, now);
        let Some(row) = value else {
            // What reads everything there is waits for its time; the rest may have been owed for long.
            let due_at = if scheduled == Scheduled::Reconcile { next } else { now };
            let first = Schedule {
                name: scheduled.name().to_owned(),
                revision: Fence::default(),
                due_at,
                attempts: 0,
                run: None,
            };
            return self.write(&first, Rest::None, 0).await;
        };
        let job = Job::Scheduled(scheduled);
        let begins = scheduled == Scheduled::RaiseEpoch && !self.has_begun(job);
        if row.due_at > now && !begins {
            // Somebody chose a schedule that comes sooner, or the clock was set back. What has failed waits no longer than this.
            let put_off = row.attempts > 0 && row.due_at <= now + LEAP_SETTLES;
            if put_off || row.due_at <= next {
                return Ok((Rest::Idle, 0));
            }
            let sooner = Schedule { revision: row.revision.next(), due_at: next, ..row };
            return self.write(&sooner, Rest::Idle, 0).await;
        }
        let performed = tokio::select! {
            performed = self.perform(scheduled, now) => performed,
            // Dropped where it is, which is as a crash there: it is due still.
            () = stop.cancelled() => return Ok((Rest::Idle, 0)),
        };
        let now = catalog.now().await.map_err(PortError::Catalog)?;
        match performed {
            Ok(Performed { found, run }) => {
                self.begin(job);
                let due_at = self.next_after(scheduled, now);
                let run = run.or(row.run);
                let done = Schedule { revision: row.revision.next(), due_at, attempts: 0, run, ..row };
                self.write(&done, Rest::Idle, found).await
            }
            Err(error) => {
                let attempts = row.attempts.saturating_add(1);
                let due_at = now + error.wait().unwrap_or_else(|| backoff(attempts, self.app.chance()));
                let later = Schedule { revision: row.revision.next(), due_at, attempts, ..row };
                self.write(&later, Rest::Idle, 0).await?;
                Err(error)
            }
        }
    }

    async fn write(&self, next: &Schedule, rest: Rest, found: u64) -> Result<(Rest, u64), JobError> {
        // Losing means that another server was as fast.
        let (Written::Done | Written::Stale) =
            self.app.catalog().write_schedule(next).await.map_err(PortError::Catalog)?;
        Ok((rest, found))
    }

    async fn perform(&self, scheduled: Scheduled, now: Timestamp) -> Result<Performed, JobError> {
        let app = &self.app;
        match scheduled {
            Scheduled::Expire => {
                let verdict = match app.judge_expiry(now).await {
                    Ok(()) => Verdict::Go,
                    Err(error @ ExpireError::Implausible { .. }) => {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "nothing is expired; look at the clocks, then `landfall reap` does it"
                        );
                        Verdict::Refused
                    }
                    Err(error) => return Err(error.into()),
                };
                Ok(Performed { found: 1, run: Some(ScheduledRun { as_of: now, verdict }) })
            }
            Scheduled::Reconcile => {
                let found = self.reconcile().await?;
                Ok(Performed { found, run: None })
            }
            Scheduled::RaiseEpoch => {
                let epoch = app.raise_epoch().await?;
                tracing::debug!(epoch = epoch.0, "the epoch rose");
                Ok(Performed { found: 1, run: None })
            }
            Scheduled::ForgetRequests => {
                let mut forgotten = 0;
                loop {
                    let some = app.catalog().forget_requests().await.map_err(PortError::Catalog)?;
                    forgotten += some;
                    if some < u64::from(FORGOTTEN_AT_ONCE) {
                        return Ok(Performed { found: forgotten, run: None });
                    }
                }
            }
        }
    }

    /// The daily run, guarded by the breaker and within its budget. Gives the number of findings.
    async fn reconcile(&self) -> Result<u64, JobError> {
        let terms = ReconcileTerms {
            below: None,
            budget: self.app.settings().reconcile_budget,
            breaker: Breaker::Armed,
            rehearsal: Rehearsal::Real,
            forgotten: Forgotten::Kept,
        };
        let report = self.app.reconcile(terms).await?;
        let found: u64 = report.totals.values().map(|total| total.count).sum();
        tracing::info!(
            objects = report.objects,
            uploads = report.uploads,
            rows = report.rows,
            found,
            done = report.done,
            lost = report.lost(),
            "reconciled buckets and catalog"
        );
        let sample = self.app.scrub_sample(Pace::GENTLE).await?;
        let damaged = sample.damaged.len() as u64;
        tracing::info!(
            files = sample.files,
            bytes = sample.bytes,
            unproven = sample.unproven,
            damaged,
            "read a sample"
        );
        Ok(found + damaged)
    }
}
