//! Runs the jobs: each in its period, under its lease, until told to stop.

use std::str::FromStr;
use std::time::Duration;

use croner::Cron;
use domain::limits::EPOCH_EVERY;
use domain::{TimeSpan, Timestamp};
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{
    destroy_files, drive_commits, expire_assets, finish_single, raise_epoch, recheck_files, reconcile_buckets,
};
use crate::app::{App, Breaker, ExpireError, ExpireReport, PortError, ReconcileError, Rehearsal};
use crate::clock::Stopwatch;
use crate::telemetry;

/// Commits are looked after this often: a client that got a 202 polls about as often.
const DRIVE_COMMITS_EVERY: Duration = Duration::from_secs(5);
/// Uploads that nobody completes are looked for this often: the first look is due 2 s after the grant, and where nothing
/// is due a round is one indexed read.
const FINISH_SINGLE_EVERY: Duration = Duration::from_secs(2);
/// Clean-up is looked after this often; requests start their own at once.
const DESTROY_EVERY: Duration = Duration::from_secs(15);
/// Closed files are looked at hours after closing, so a minute is soon enough.
const RECHECK_EVERY: Duration = Duration::from_secs(60);
/// A lease outlives several rounds of the fastest job, and a dead holder delays the others by no more than this.
const LEASE: TimeSpan = TimeSpan::from_secs(60);
/// A computer that slept, or whose clock was set, notices within this time that its nightly run is due.
const CRON_LOOK_EVERY: Duration = Duration::from_secs(30);

/// How often the jobs run, and how long a dead runner delays the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tempo {
    drive_commits: Duration,
    finish_single: Duration,
    destroy: Duration,
    recheck: Duration,
    raise_epoch: Duration,
    lease: TimeSpan,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            drive_commits: DRIVE_COMMITS_EVERY,
            finish_single: FINISH_SINGLE_EVERY,
            destroy: DESTROY_EVERY,
            recheck: RECHECK_EVERY,
            raise_epoch: EPOCH_EVERY.unsigned_abs(),
            lease: LEASE,
        }
    }
}

impl Tempo {
    /// Every job in the same period, under leases of the same length.
    pub const fn even(every: Duration, lease: TimeSpan) -> Self {
        Self { drive_commits: every, finish_single: every, destroy: every, recheck: every, raise_epoch: every, lease }
    }
}

/// Why a round ended early. Rows it did not reach are reached by the next.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The expire job.
    #[error(transparent)]
    Expire(#[from] ExpireError),
    /// The reconcile job.
    #[error(transparent)]
    Reconcile(#[from] ReconcileError),
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// When the nightly run is due: a cron expression in a time zone.
#[derive(Debug, Clone)]
pub struct ExpireSchedule {
    cron: Cron,
    zone: TimeZone,
}

/// Why a schedule cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSchedule {
    /// Not five fields of cron.
    #[error("is not a cron expression of five fields (minute hour day month weekday): {0}")]
    Cron(String),
    /// Not a zone of the IANA database.
    #[error("is not a time zone of the IANA database, such as Asia/Seoul")]
    Zone,
    /// It never comes.
    #[error("names no time that ever comes")]
    Never,
}

impl ExpireSchedule {
    /// Reads a schedule; `zone` is an IANA name, or `None` for the host's zone.
    pub fn parse(cron: &str, zone: Option<&str>) -> Result<Self, InvalidSchedule> {
        let cron = Cron::from_str(cron).map_err(|error| InvalidSchedule::Cron(error.to_string()))?;
        let zone = match zone {
            Some(name) => TimeZone::get(name).map_err(|_| InvalidSchedule::Zone)?,
            None => TimeZone::system(),
        };
        let schedule = Self { cron, zone };
        schedule.next_after(Timestamp::UNIX_EPOCH).ok_or(InvalidSchedule::Never)?;
        Ok(schedule)
    }

    /// The next time it is due, strictly after `now`.
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let next = self.cron.find_next_occurrence(&now.to_zoned(self.zone.clone()), false).ok()?;
        Some(next.timestamp())
    }

    /// The zone by name, to be printed at start.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC offset of the host")
    }
}

/// When the jobs that have a time of day are due.
#[derive(Debug, Clone)]
pub struct Schedules {
    /// Expire.
    pub expire: ExpireSchedule,
    /// Reconcile.
    pub reconcile: ExpireSchedule,
}

/// What [`reap`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reaped {
    /// What was expired.
    pub expire: ExpireReport,
    /// DELETING files that were taken up afterwards.
    pub destroyed: u64,
}

/// Expire and destroy, now: what the nightly run does, on an operator's word, so without the breaker.
pub async fn reap(app: &App, as_of: Option<Timestamp>, rehearsal: Rehearsal) -> Result<Reaped, JobError> {
    let expire = app.expire_assets(as_of, Breaker::Overridden, rehearsal).await?;
    let destroyed = match rehearsal {
        Rehearsal::Real => destroy_files::run(app, &CancellationToken::new()).await?,
        Rehearsal::DryRun => 0,
    };
    Ok(Reaped { expire, destroyed })
}

/// The running jobs.
pub struct Jobs {
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// A job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Drives COMMITTING files and publishes what is VERIFIED.
    DriveCommits,
    /// Finishes uploads that nobody completes.
    FinishSingle,
    /// Destroys and closes DELETING files.
    Destroy,
    /// Looks again at CLOSED files.
    Recheck,
    /// Ends what nobody finished.
    Expire,
    /// Compares buckets and catalog.
    Reconcile,
    /// Raises the epoch by which a restored catalog is known.
    RaiseEpoch,
}

impl Job {
    /// Every job there is.
    pub const ALL: [Self; 7] = [
        Self::DriveCommits,
        Self::FinishSingle,
        Self::Destroy,
        Self::Recheck,
        Self::Expire,
        Self::Reconcile,
        Self::RaiseEpoch,
    ];

    /// The name in leases, metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DriveCommits => "drive-commits",
            Self::FinishSingle => "finish-single",
            Self::Destroy => "destroy",
            Self::Recheck => "recheck",
            Self::Expire => "expire",
            Self::Reconcile => "reconcile",
            Self::RaiseEpoch => "raise-epoch",
        }
    }
}

impl Jobs {
    /// Starts all jobs. `holder` names this process in leases; no two processes may share one.
    pub fn start(app: &App, schedules: Schedules, tempo: Tempo, holder: &str) -> Self {
        let jobs = Self { stop: CancellationToken::new(), tasks: TaskTracker::new() };
        let periodic = [
            (Job::RaiseEpoch, tempo.raise_epoch),
            (Job::DriveCommits, tempo.drive_commits),
            (Job::FinishSingle, tempo.finish_single),
            (Job::Destroy, tempo.destroy),
            (Job::Recheck, tempo.recheck),
        ];
        for (job, every) in periodic {
            let (app, holder, stop) = (app.clone(), holder.to_owned(), jobs.stop.clone());
            jobs.run(async move {
                loop {
                    leased_round(&app, job, &holder, tempo.lease, &stop).await;
                    if pause(&stop, every).await == Pause::Stopped {
                        return;
                    }
                }
            });
        }
        // Expired once at the start, because the last run may have fallen into the time when no server ran; compared only
        // by the schedule, because that reads everything there is.
        let scheduled =
            [(Job::Expire, schedules.expire, Some(Timestamp::MIN)), (Job::Reconcile, schedules.reconcile, None)];
        for (job, schedule, due) in scheduled {
            let (app, holder, stop) = (app.clone(), holder.to_owned(), jobs.stop.clone());
            jobs.run(async move { nightly(&app, job, &schedule, due, tempo, &holder, &stop).await });
        }
        jobs
    }

    fn run(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Lets every job finish the row it is at, then ends. A caller who cannot wait that long drops this: whatever is
    /// left is found by the next start.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[derive(PartialEq, Eq)]
enum Pause {
    Over,
    Stopped,
}

async fn pause(stop: &CancellationToken, length: Duration) -> Pause {
    match tokio::time::timeout(length, stop.cancelled()).await {
        Ok(()) => Pause::Stopped,
        Err(_elapsed) => Pause::Over,
    }
}

/// Runs a job by its schedule, first when it is `due`. The time is the catalog's, and it is looked at often, because timers
/// stand still while a computer sleeps.
async fn nightly(
    app: &App,
    job: Job,
    schedule: &ExpireSchedule,
    mut due: Option<Timestamp>,
    tempo: Tempo,
    holder: &str,
    stop: &CancellationToken,
) {
    loop {
        match app.catalog().now().await {
            Ok(now) => {
                if due.is_some_and(|due| due <= now) {
                    leased_round(app, job, holder, tempo.lease, stop).await;
                    due = None;
                }
                due = due.or_else(|| schedule.next_after(now));
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a scheduled job waits for the catalog")
            }
        }
        if pause(stop, CRON_LOOK_EVERY).await == Pause::Stopped {
            return;
        }
    }
}

/// One round of one job, if nobody else is at it. `holder` names this process in leases. When told to stop, it ends after
/// the row it is at.
pub async fn round(app: &App, job: Job, holder: &str, stop: &CancellationToken) {
    leased_round(app, job, holder, LEASE, stop).await;
}

async fn leased_round(app: &App, job: Job, holder: &str, lease: TimeSpan, stop: &CancellationToken) {
    if job == Job::FinishSingle && matches!(finish_single::is_wanted(app).await, Ok(false)) {
        return telemetry::job_ran(job.name(), 0.0, Some(0));
    }
    match app.catalog().take_lease(job.name(), holder, lease).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => {
            tracing::warn!(job = job.name(), error = &error as &dyn std::error::Error, "no lease");
            return;
        }
    }
    let watch = Stopwatch::start();
    let outcome = match job {
        Job::DriveCommits => drive_commits::run(app, stop).await,
        Job::FinishSingle => finish_single::run(app, stop).await,
        Job::Destroy => destroy_files::run(app, stop).await,
        Job::Recheck => recheck_files::run(app, stop).await,
        Job::Expire => expire_assets::run(app, stop).await,
        Job::Reconcile => reconcile_buckets::run(app, stop).await,
        Job::RaiseEpoch => raise_epoch::run(app).await,
    };
    telemetry::job_ran(job.name(), watch.elapsed_seconds(), outcome.as_ref().ok().copied());
    if let Err(error) = outcome {
        tracing::error!(job = job.name(), error = &error as &dyn std::error::Error, "job failed; it runs again");
    }
    if let Err(error) = app.catalog().release_lease(job.name(), holder).await {
        tracing::debug!(job = job.name(), error = &error as &dyn std::error::Error, "lease not given back");
    }
}
