//! What is done in each lane. An X is ... if and only if ...:
//!
//! - drive: a file is driven if and only if it is due and before CREATED: its commit goes on, its asset is published, its
//!   part is looked for, or what was opened beside it is closed.
//! - expire: an asset is ended if and only if its deadline is not after the run's time, the run's verdict is "go", and no
//!   file of it is being committed.
//! - destroy: a file is destroyed and closed if and only if it is DELETING and due.
//! - recheck: a file is looked at again if and only if it is CLOSED and due.
//!
//! Nothing is delivered to others yet, so no row is ever in that lane.

use domain::limits::{BACKOFF_MOST, STRAY_LOOK_AFTER};
use domain::{Asset, Effect, File, Lane, Slots, TimeSpan, Timestamp, lifecycle};
use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;

use super::page::{Item, Outcome, Page, Report};
use super::runner::EXPIRE;
use crate::app::{App, Destruction, Expiry, PortError, Publication, Recheck, Strays};
use crate::catalog::{Stamped, Verdict};

/// Rows of a page: what it holds in memory, and what one transaction writes about it.
pub(super) const PAGE: u32 = 200;
/// An asset with an object under a row that never committed one waits for a person.
const SUSPICIOUS_DELAY: TimeSpan = TimeSpan::from_hours(23);
/// A closed file that a living asset still shows is looked at once a day.
const SHOWN_DELAY: TimeSpan = TimeSpan::from_hours(24);

/// What a lane works on.
pub(super) struct Work<'a> {
    pub(super) app: &'a App,
    /// This server's share.
    pub(super) slots: Slots,
    /// How long before its time a duty is performed.
    pub(super) ahead: TimeSpan,
    /// How many groups of rows at once.
    pub(super) width: usize,
    pub(super) stop: &'a CancellationToken,
}

impl Work<'_> {
    /// One page of a lane. `None`: nothing is due.
    pub(super) async fn page(&self, lane: Lane) -> Result<Option<Report>, PortError> {
        match lane {
            Lane::Drive => self.drive().await,
            Lane::Expire => self.expire().await,
            Lane::Destroy => self.destroy().await,
            Lane::Recheck => self.recheck().await,
            Lane::Deliver => Ok(None),
        }
    }

    fn begin(&self, lane: Lane) -> Page<'_> {
        Page::new(self.app, lane, self.width, self.stop)
    }

    /// What is due in a lane of files.
    async fn due(&self, lane: Lane) -> Result<Option<(Timestamp, Page<'_>, Vec<Item<File>>)>, PortError> {
        let catalog = self.app.catalog();
        let read = catalog.list_due_files(lane, self.slots, self.ahead, PAGE).await.map_err(PortError::Catalog)?;
        let Stamped { now, value: rows } = read;
        if rows.is_empty() {
            return Ok(None);
        }
        let page = self.begin(lane);
        let items = page.readable(rows);
        Ok(Some((now + self.ahead, page, items)))
    }

    async fn drive(&self) -> Result<Option<Report>, PortError> {
        let Some((until, page, items)) = self.due(Lane::Drive).await? else { return Ok(None) };
        let app = self.app;
        // A Complete may hang for minutes: assets go side by side, the files of one asset together.
        let groups = grouped(items, |file| file.asset);
        let perform = |files: Vec<File>| drive(app, files, until).boxed();
        page.run(groups, perform).await.map(Some).map_err(PortError::Catalog)
    }

    async fn destroy(&self) -> Result<Option<Report>, PortError> {
        let Some((_, page, items)) = self.due(Lane::Destroy).await? else { return Ok(None) };
        let app = self.app;
        app.require_calm_now().await?;
        let groups = grouped(items, |file| (file.asset, file.key.visibility()));
        let perform = |files: Vec<File>| {
            let destroyed = async move {
                each(files.len(), app.destroy_files(&files).await, |outcome| match outcome {
                    Destruction::Clean => Outcome::Done,
                    Destruction::Remaining => Outcome::Again,
                })
            };
            destroyed.boxed()
        };
        page.run(groups, perform).await.map(Some).map_err(PortError::Catalog)
    }

    async fn recheck(&self) -> Result<Option<Report>, PortError> {
        let Some((until, page, items)) = self.due(Lane::Recheck).await? else { return Ok(None) };
        let app = self.app;
        app.require_calm_now().await?;
        let groups = grouped(items, |file| (file.asset, file.key.visibility()));
        let perform = |files: Vec<File>| {
            let looked = async move {
                each(files.len(), app.recheck_files(&files).await, |outcome| match outcome {
                    Recheck::Clean | Recheck::Purged | Recheck::Found => Outcome::Done,
                    Recheck::Shown => Outcome::Until(Some(until + SHOWN_DELAY)),
                })
            };
            looked.boxed()
        };
        page.run(groups, perform).await.map(Some).map_err(PortError::Catalog)
    }

    async fn expire(&self) -> Result<Option<Report>, PortError> {
        let catalog = self.app.catalog();
        let schedule = catalog.find_schedule(EXPIRE).await.map_err(PortError::Catalog)?.value;
        let run = schedule.and_then(|schedule| schedule.run).filter(|run| run.verdict == Verdict::Go);
        let Some(run) = run else { return Ok(None) };
        let read =
            catalog.list_due_assets(self.slots, Some(run.as_of), None, PAGE).await.map_err(PortError::Catalog)?;
        let Stamped { now, value: rows } = read;
        if rows.is_empty() {
            return Ok(None);
        }
        let app = self.app;
        app.require_calm_now().await?;
        let page = self.begin(Lane::Expire);
        let groups = page.readable(rows).into_iter().map(|item| vec![item]).collect();
        let perform = |assets: Vec<Asset>| {
            let ended = async move {
                let [asset] = &assets[..] else { unreachable!("assets come one by one") };
                vec![match app.expire_asset(asset, run.as_of, now).await {
                    Ok(Expiry::Ended | Expiry::Published) => Outcome::Done,
                    // A grant moved the files and not their asset: early, never late.
                    Ok(Expiry::NotYet) => {
                        Outcome::Until(asset.due_at().filter(|due_at| *due_at > run.as_of).or_else(|| {
                            // What is being committed comes to its end by itself, and is looked at then.
                            Some(now + BACKOFF_MOST)
                        }))
                    }
                    Ok(Expiry::Suspicious) => Outcome::Until(Some(now + SUSPICIOUS_DELAY)),
                    Ok(Expiry::Raced) => Outcome::Again,
                    Err(error) => Outcome::Failed(error),
                }]
            };
            ended.boxed()
        };
        page.run(groups, perform).await.map(Some).map_err(PortError::Catalog)
    }
}

/// Puts rows together that go together, in the order in which the first of each came.
fn grouped<T, K: Ord>(items: Vec<Item<T>>, key: impl Fn(&T) -> K) -> Vec<Vec<Item<T>>> {
    let mut places = std::collections::BTreeMap::new();
    let mut groups: Vec<Vec<Item<T>>> = Vec::new();
    for item in items {
        let at = *places.entry(key(&item.1)).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Vec::new());
        }
        groups[at].push(item);
    }
    groups
}

/// What came of each of `count` rows, or the same failure for all of them.
fn each<T>(count: usize, outcomes: Result<Vec<T>, PortError>, outcome: impl Fn(T) -> Outcome) -> Vec<Outcome> {
    match outcomes {
        Ok(outcomes) => outcomes.into_iter().map(outcome).collect(),
        Err(error) => {
            let first = Outcome::Failed(error);
            std::iter::once(first).chain(std::iter::repeat_with(|| Outcome::Again)).take(count).collect()
        }
    }
}

/// The due files of one asset. A commit drives all of them at once, and then what is verified is published or waits.
async fn drive(app: &App, files: Vec<File>, until: Timestamp) -> Vec<Outcome> {
    let mut resumed: Option<Result<Publication, ()>> = None;
    let mut outcomes = Vec::new();
    for file in &files {
        outcomes.push(match lifecycle::duty(file, until) {
            Some(Effect::LookForPart | Effect::Weigh) => match app.look_at_arrivals(file, until).await {
                // Whoever looked has written when to look next, unless somebody else moved the row.
                Ok(_) => Outcome::Again,
                Err(error) => Outcome::Failed(error),
            },
            Some(Effect::CloseStrays) => strays(file, app.close_strays(file).await, until),
            Some(Effect::Complete | Effect::TryPublish) => {
                let (tried, failure) = match resumed {
                    Some(tried) => (tried, None),
                    None => resume(app, file).await,
                };
                resumed = Some(tried);
                match (tried, failure) {
                    (_, Some(error)) => Outcome::Failed(error),
                    (Ok(Publication::NotYet), None) if file.state.object().is_some() => Outcome::Until(None),
                    (Ok(Publication::Published), None) => Outcome::Done,
                    (Ok(Publication::NotYet) | Err(()), None) => Outcome::Again,
                }
            }
            // Its time is not to be believed; it comes again by one that is.
            None if file.due_at > Some(until) => Outcome::Until(Some(until)),
            Some(_) | None => Outcome::Done,
        });
    }
    outcomes
}

async fn resume(app: &App, file: &File) -> (Result<Publication, ()>, Option<PortError>) {
    match app.resume_commit(file.shard(), file.asset).await {
        Ok(publication) => (Ok(publication), None),
        Err(error) => (Err(()), Some(error)),
    }
}

fn strays(file: &File, looked: Result<Strays, PortError>, now: Timestamp) -> Outcome {
    match looked {
        // Its next look at what has arrived, if it has one, is owed still.
        Ok(Strays::None) => Outcome::Until(file.looks.and_then(|looks| looks.next)),
        Ok(Strays::Closed) => Outcome::Until(Some(now + STRAY_LOOK_AFTER)),
        Ok(Strays::Moved) => Outcome::Done,
        Err(error) => Outcome::Failed(error),
    }
}
