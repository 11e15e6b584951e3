//! One page of a lane: its duties side by side, and what is written about those that failed.
//!
//! *Invariant*: whatever goes wrong with a row costs that row: it is put off, its neighbours are not. Only when
//! [`RUNNING_FAILURES`] fail one after the other and the port itself does not answer either, the page ends and writes
//! nothing: then no row is at fault.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::due::backoff;
use domain::limits::UNREADABLE_DELAY;
use domain::{Fence, Lane, Timestamp};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use crate::app::{App, PortError};
use crate::catalog::{CatalogError, DueRow, Postponement};
use crate::telemetry::{self, WorkOutcome};

/// Failures running after which it is asked whether the port answers at all.
const RUNNING_FAILURES: u32 = 5;

/// What came of one duty.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The row has moved, here or elsewhere, and says itself what is owed to it now.
    Done,
    /// Nothing is owed to it until then; `None`: until it is written again.
    Until(Option<Timestamp>),
    /// It was not to be decided yet.
    Again,
    /// It failed.
    Failed(PortError),
}

/// What came of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Report {
    /// Rows that were on it.
    pub(super) rows: u64,
    /// Rows whose duty was performed.
    pub(super) done: u64,
    /// It ended early.
    pub(super) cut: bool,
    /// The port does not answer.
    pub(super) silent: bool,
}

/// What must be known of a row to write about it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    id: String,
    fence: Fence,
    attempts: u32,
}

/// A readable row.
pub(super) type Item<T> = (Place, T);

/// Why a row was put off for long.
enum Fate {
    Duty(Outcome),
    Unreadable(String),
    Panicked(String),
}

#[derive(Default)]
struct Tally {
    running: u32,
    fates: Vec<(Place, Fate)>,
}

/// A page under way.
pub(super) struct Page<'a> {
    app: &'a App,
    lane: Lane,
    /// Groups of rows at once.
    width: usize,
    stop: &'a CancellationToken,
    tally: Mutex<Tally>,
}

impl<'a> Page<'a> {
    pub(super) fn new(app: &'a App, lane: Lane, width: usize, stop: &'a CancellationToken) -> Self {
        Self { app, lane, width, stop, tally: Mutex::default() }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows that can be read; the others are noted.
    pub(super) fn readable<T>(&self, rows: Vec<DueRow<T>>) -> Vec<Item<T>> {
        let mut items = Vec::new();
        for DueRow { id, fence, attempts, row, .. } in rows {
            let place = Place { id, fence, attempts };
            match row {
                Ok(row) => items.push((place, row)),
                Err(error) => self.tally().fates.push((place, Fate::Unreadable(told(&error)))),
            }
        }
        items
    }

    /// Performs the duties of all groups, and writes what came of them. `perform` gives an outcome for each row of a group.
    pub(super) async fn run<'f, T: Send>(
        self,
        groups: Vec<Vec<Item<T>>>,
        perform: impl Fn(Vec<T>) -> BoxFuture<'f, Vec<Outcome>> + Send + Sync,
    ) -> Result<Report, CatalogError> {
        let perform = &perform;
        let page = &self;
        let one = |group: Vec<Item<T>>| async move {
            if page.stop.is_cancelled() || page.tally().running >= RUNNING_FAILURES {
                return;
            }
            let (places, rows): (Vec<Place>, Vec<T>) = group.into_iter().unzip();
            match AssertUnwindSafe(perform(rows)).catch_unwind().await {
                Ok(outcomes) => places.into_iter().zip(outcomes).for_each(|(place, outcome)| page.note(place, outcome)),
                Err(panic) => page.note_panic(places, panic),
            }
        };
        let asked = groups.iter().map(Vec::len).sum::<usize>() as u64;
        stream::iter(groups).for_each_concurrent(self.width, one).await;
        self.conclude(asked).await
    }

    fn note(&self, place: Place, outcome: Outcome) {
        let mut tally = self.tally();
        // What fails after the fifth is told of the same port. What was not decided says nothing about it.
        match outcome {
            Outcome::Failed(_) => tally.running += 1,
            Outcome::Done | Outcome::Until(_) if tally.running < RUNNING_FAILURES => tally.running = 0,
            Outcome::Done | Outcome::Until(_) | Outcome::Again => {}
        }
        tally.fates.push((place, Fate::Duty(outcome)));
    }

    fn note_panic(&self, places: Vec<Place>, panic: Box<dyn Any + Send>) {
        let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        self.app.caught(panic);
        let mut tally = self.tally();
        tally.fates.extend(places.into_iter().map(|place| (place, Fate::Panicked(said.clone()))));
    }

    async fn conclude(self, asked: u64) -> Result<Report, CatalogError> {
        let (app, lane) = (self.app, self.lane);
        let Tally { running, fates } = self.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        let unreadable = fates.iter().filter(|(_, fate)| matches!(fate, Fate::Unreadable(_))).count() as u64;
        let mut report = Report { rows: asked + unreadable, ..Report::default() };
        report.cut = (fates.len() as u64) < report.rows;
        if running >= RUNNING_FAILURES
            && let Err(error) = app.probe(lane).await
        {
            tracing::error!(%lane, error = &error as &dyn std::error::Error,
                "five duties failed one after the other and the port does not answer; the lane pauses and writes nothing");
            report.silent = true;
            return Ok(report);
        }
        let now = app.catalog().now().await?;
        let mut postponements = Vec::new();
        for (place, fate) in fates {
            let attempts = place.attempts.saturating_add(1);
            let later = |span| Some((Some(now + span), attempts));
            tell(lane, &place, &fate);
            let put_off = match fate {
                Fate::Duty(Outcome::Done) => {
                    report.done += 1;
                    None
                }
                Fate::Duty(Outcome::Until(due_at)) => {
                    report.done += 1;
                    Some((due_at, 0))
                }
                Fate::Duty(Outcome::Again | Outcome::Failed(_)) => later(backoff(attempts, app.chance())),
                Fate::Unreadable(_) | Fate::Panicked(_) => later(UNREADABLE_DELAY),
            };
            let Place { id, fence, .. } = place;
            postponements.extend(put_off.map(|(due_at, attempts)| Postponement { lane, id, fence, due_at, attempts }));
        }
        app.catalog().postpone(&postponements).await?;
        Ok(report)
    }
}

/// Says what an operator can do something about.
fn tell(lane: Lane, place: &Place, fate: &Fate) {
    let Place { id, attempts, .. } = place;
    match fate {
        Fate::Duty(Outcome::Done | Outcome::Until(_)) => telemetry::worked(lane, WorkOutcome::Done),
        Fate::Duty(Outcome::Again) => telemetry::worked(lane, WorkOutcome::Again),
        Fate::Duty(Outcome::Failed(error)) => {
            telemetry::worked(lane, WorkOutcome::Failed);
            tracing::warn!(%lane, id, attempts, error = error as &dyn std::error::Error, "failed; it is tried again");
        }
        Fate::Unreadable(why) => {
            telemetry::worked(lane, WorkOutcome::Unreadable);
            telemetry::stuck(lane, id, why);
            tracing::error!(%lane, id, why, "a row cannot be read; the others go on, and it is tried again in an hour");
        }
        Fate::Panicked(why) => {
            telemetry::worked(lane, WorkOutcome::Panicked);
            telemetry::stuck(lane, id, why);
            tracing::error!(%lane, id, why, "a duty panicked; the others go on, and it is tried again in an hour");
        }
    }
}

/// An error with its cause, for a reader.
fn told(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
