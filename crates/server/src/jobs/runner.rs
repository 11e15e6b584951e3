//! The runner: its lanes, what it does by the clock, and who it shares that with.
//!
//! Each job is a loop of its own, so that none waits for another. *Invariant*: a loop ends only when it is told to. What
//! panics in it is caught, what fails is tried again after a pause, and a lane whose port does not answer asks that port
//! before it takes a row in hand.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::due::backoff;
use domain::limits::{EPOCH_EVERY, STEP_GRACE};
use domain::{Lane, Slots, TimeSpan, Timestamp};
use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::lanes::Work;
use super::schedules::{Scheduled, Schedules};
use crate::app::{App, Breaker, ExpireError, ExpireReport, PortError, ReconcileError, Rehearsal};
use crate::clock::Stopwatch;
use crate::telemetry;

/// The schedule by which the expire lane is opened.
pub(super) const EXPIRE: &str = "expire";

/// How fast the runner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tempo {
    /// How long a lane rests when nothing is due, by lane.
    idle: [Duration; 5],
    /// How often it is asked whether something is due by the clock: a computer that slept, or whose clock was set, notices
    /// within this time.
    clock_look: Duration,
    /// How long before its time a duty is performed.
    ahead: TimeSpan,
    /// How often the epoch rises.
    pub(super) epoch: TimeSpan,
    /// How often requests are forgotten.
    pub(super) forget: TimeSpan,
    /// How long a server is taken for alive that says nothing: a dead one delays its share by no more.
    member: TimeSpan,
    /// How many groups of rows a lane has in hand at once, by lane.
    width: [usize; 5],
}

/// Commits have somebody waiting, and the first look for a part is due 2 s after its grant; an idle look is one indexed
/// read. Clean-up was begun by whoever caused it, and closed files are looked at hours later.
const IDLE: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(15),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(60),
];
/// Each holds a connection to the store, and in *drive* up to 64 KiB of a file.
const WIDTH: [usize; 5] = [8, 8, 16, 16, 1];
const CLOCK_LOOK: Duration = Duration::from_secs(15);
const FORGET_EVERY: TimeSpan = TimeSpan::from_mins(10);
const MEMBER: TimeSpan = TimeSpan::from_secs(60);
/// A lane whose port is silent asks again after a pause that doubles up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Default for Tempo {
    fn default() -> Self {
        Self {
            idle: IDLE,
            clock_look: CLOCK_LOOK,
            ahead: TimeSpan::ZERO,
            epoch: EPOCH_EVERY,
            forget: FORGET_EVERY,
            member: MEMBER,
            width: WIDTH,
        }
    }
}

impl Tempo {
    /// For drills: everything as often, nobody waits for a step that a request has in hand, and a server that falls silent
    /// is dead after so long.
    pub fn even(every: Duration, member: TimeSpan) -> Self {
        let period = TimeSpan::try_from(every).unwrap_or(TimeSpan::ZERO);
        Self {
            idle: [every; 5],
            clock_look: every,
            ahead: STEP_GRACE,
            epoch: period,
            forget: period,
            member,
            width: WIDTH,
        }
    }

    /// One group of rows after the other, in every lane but *drive*, so that it can be told who does what.
    #[must_use]
    pub const fn in_turn(self) -> Self {
        Self { width: [self.width[0], 1, 1, 1, 1], ..self }
    }

    fn pause(&self, job: Job) -> Duration {
        match job {
            Job::Lane(lane) => self.idle[lane as usize],
            Job::Scheduled(_) => self.clock_look,
            Job::Membership => self.member.try_into().map_or(LONGEST_PAUSE, |life: Duration| life / 3),
        }
    }
}

/// A loop of the runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// Performs what is due in a lane.
    Lane(Lane),
    /// Performs what comes by the clock.
    Scheduled(Scheduled),
    /// Says that this server is alive, and learns which share of the rows is its own.
    Membership,
}

impl Job {
    /// Every job there is. Nothing is delivered to others yet, so that lane has none.
    pub const ALL: [Self; 9] = [
        Self::Membership,
        Self::Scheduled(Scheduled::RaiseEpoch),
        Self::Lane(Lane::Drive),
        Self::Lane(Lane::Expire),
        Self::Lane(Lane::Destroy),
        Self::Lane(Lane::Recheck),
        Self::Scheduled(Scheduled::Expire),
        Self::Scheduled(Scheduled::Reconcile),
        Self::Scheduled(Scheduled::ForgetRequests),
    ];

    /// The name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lane(lane) => lane.as_str(),
            Self::Scheduled(Scheduled::Expire) => "open-expire",
            Self::Scheduled(scheduled) => scheduled.name(),
            Self::Membership => "membership",
        }
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

impl JobError {
    /// After how long it shall be tried again, where that is known.
    pub(super) const fn wait(&self) -> Option<TimeSpan> {
        match self {
            Self::Expire(ExpireError::Unsettled { wait, .. }) => Some(*wait),
            Self::Expire(_) | Self::Reconcile(_) | Self::Port(_) => None,
        }
    }
}

/// What a job does after a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// There is more to do.
    None,
    /// Nothing is due.
    Idle,
    /// Its port does not answer, or may not be used now.
    Paused,
}

/// See the module.
pub struct Runner {
    pub(super) app: App,
    /// The name of this server among those that share the work.
    member: String,
    pub(super) schedules: Schedules,
    pub(super) tempo: Tempo,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// `None` until the first look at who else is alive: then everything, because two at one row are harmless.
    slots: Option<Slots>,
    /// Rounds in a row in which the port of a job was silent.
    silent: BTreeMap<Job, u32>,
    /// Jobs that have done what was due at the start: what a dead process left in hand is not waited for until then.
    begun: BTreeSet<Job>,
}

impl Runner {
    /// A runner that has done nothing yet. No two servers that live may have one name; one that is started again takes its
    /// old name, and with it its old share.
    pub fn new(app: App, member: String, schedules: Schedules, tempo: Tempo) -> Self {
        Self { app, member, schedules, tempo, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a job has done what was due at the start.
    pub(super) fn has_begun(&self, job: Job) -> bool {
        self.state().begun.contains(&job)
    }

    pub(super) fn begin(&self, job: Job) {
        self.state().begun.insert(job);
    }

    pub(super) fn slots(&self) -> Slots {
        self.state().slots.unwrap_or(Slots::ALL)
    }

    /// One round of one job. When told to stop, it ends after the rows it has in hand.
    pub async fn round(&self, job: Job, stop: &CancellationToken) -> Rest {
        let watch = Stopwatch::start();
        let outcome = match job {
            Job::Lane(lane) => self.lane_round(lane, stop).await,
            Job::Scheduled(scheduled) => self.scheduled_round(scheduled, stop).await,
            Job::Membership => self.renew().await,
        };
        match outcome {
            Ok((rest, found)) => {
                telemetry::job_ran(job.name(), watch.elapsed_seconds(), Some(found));
                if rest != Rest::Paused {
                    self.state().silent.remove(&job);
                }
                rest
            }
            Err(error) if error.wait().is_some() => {
                telemetry::job_ran(job.name(), watch.elapsed_seconds(), Some(0));
                tracing::warn!(job = job.name(), "job waits: {error}");
                Rest::Idle
            }
            Err(error) => {
                telemetry::job_ran(job.name(), watch.elapsed_seconds(), None);
                tracing::error!(
                    job = job.name(),
                    error = &error as &dyn std::error::Error,
                    "failed; it is tried again"
                );
                self.pause(job)
            }
        }
    }

    /// The job's port does not answer.
    fn pause(&self, job: Job) -> Rest {
        *self.state().silent.entry(job).or_default() += 1;
        if let Job::Lane(lane) = job {
            telemetry::lane_paused(lane, true);
        }
        Rest::Paused
    }

    async fn lane_round(&self, lane: Lane, stop: &CancellationToken) -> Result<(Rest, u64), JobError> {
        let job = Job::Lane(lane);
        if self.state().silent.contains_key(&job) {
            self.app.probe(lane).await?;
            self.state().silent.remove(&job);
        }
        telemetry::lane_paused(lane, false);
        let ahead = if self.has_begun(job) { self.tempo.ahead } else { STEP_GRACE };
        let width = self.tempo.width[lane as usize];
        let work = Work { app: &self.app, slots: self.slots(), ahead, width, stop };
        let Some(report) = work.page(lane).await? else {
            self.begin(job);
            telemetry::lane_succeeded(lane, self.app.catalog().now().await.map_err(PortError::Catalog)?);
            return Ok((Rest::Idle, 0));
        };
        if report.silent {
            return Ok((self.pause(job), report.rows));
        }
        let now = self.app.catalog().now().await.map_err(PortError::Catalog)?;
        telemetry::lane_succeeded(lane, now);
        let more = report.cut || (report.rows >= u64::from(super::lanes::PAGE) && report.done > 0);
        if !more {
            self.begin(job);
        }
        Ok((if more && !stop.is_cancelled() { Rest::None } else { Rest::Idle }, report.rows))
    }

    async fn renew(&self) -> Result<(Rest, u64), JobError> {
        let living = self.app.catalog().renew_member(&self.member, self.tempo.member).await;
        let living = living.map_err(PortError::Catalog)?;
        let slots = Slots::of_member(&self.member, living.iter().map(String::as_str));
        let before = self.state().slots.replace(slots);
        if before != Some(slots) {
            tracing::info!(servers = living.len(), slots = slots.iter().count(), "this server's share of the work");
        }
        Ok((Rest::Idle, 0))
    }

    /// How long a job rests.
    fn length(&self, job: Job, rest: Rest) -> Duration {
        match rest {
            Rest::None => Duration::ZERO,
            Rest::Idle => self.tempo.pause(job),
            Rest::Paused => {
                let times = self.state().silent.get(&job).copied().unwrap_or(1);
                let wait = Duration::try_from(backoff(times, self.app.chance())).unwrap_or(LONGEST_PAUSE);
                wait.min(LONGEST_PAUSE)
            }
        }
    }

    async fn go_on(self: Arc<Self>, job: Job, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let rest = match AssertUnwindSafe(self.round(job, &stop)).catch_unwind().await {
                Ok(rest) => rest,
                Err(panic) => {
                    tracing::error!(job = job.name(), "a round panicked; it is tried again");
                    self.app.caught(panic);
                    self.pause(job)
                }
            };
            let length = self.length(job, rest);
            if tokio::time::timeout(length, stop.cancelled()).await.is_ok() {
                return;
            }
        }
    }
}

/// The running jobs.
pub struct Jobs {
    runner: Arc<Runner>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Jobs {
    /// Starts all jobs of a runner.
    pub fn start(runner: Runner) -> Self {
        let jobs = Self { runner: Arc::new(runner), stop: CancellationToken::new(), tasks: TaskTracker::new() };
        for job in Job::ALL {
            jobs.tasks.spawn(jobs.runner.clone().go_on(job, jobs.stop.clone()));
        }
        jobs
    }

    /// Lets every job finish the rows it has in hand, then ends. A caller who cannot wait that long drops this: whatever is
    /// left is found by the next start.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        let runner = &self.runner;
        if let Err(error) = runner.app.catalog().remove_member(&runner.member).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "did not say goodbye");
        }
    }
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
    let mut destroyed = 0;
    if rehearsal == Rehearsal::Real {
        let (stop, width) = (CancellationToken::new(), WIDTH[Lane::Destroy as usize]);
        let work = Work { app, slots: Slots::ALL, ahead: STEP_GRACE, width, stop: &stop };
        while let Some(report) = work.page(Lane::Destroy).await? {
            destroyed += report.rows;
            // What is left then has failed, and is due again later.
            if report.done == 0 || report.silent {
                break;
            }
        }
    }
    Ok(Reaped { expire, destroyed })
}
