//! T7: end what nobody finished.
//!
//! HEAD comes first: an object under a row that never committed one means that the catalog was rewound (restored from
//! a backup), and a rewound catalog must destroy nothing. A breaker stops a run that would end an implausible share of
//! all uploads, which is what a clock that jumped looks like; after a leap ([`domain::marker::Leap`]) a nightly run waits, and
//! after a long one the first is stopped also where there are few uploads. Markers and clocks are looked at again during a
//! run, which may take long ([`super::guard`]).

use std::collections::VecDeque;

use domain::change;
use domain::marker::Trust;
use domain::{Asset, AssetStatus, FileState, Installation, Reason, Slots, StateName, TimeSpan, Timestamp};

use super::{App, PortError};
use crate::catalog::{DueCursor, Stamped, Written};

/// Assets looked at in one catalog call.
const PAGE: u32 = 200;
/// Below this many expired files no share is implausible: small sites have nights with nothing but abandoned uploads.
const BREAKER_FLOOR: u64 = 1_000;
/// The share of unfinished files, in percent, above which a run is implausible.
const BREAKER_PERCENT: u64 = 80;

/// Whether the breaker guards a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// The nightly run: stop if it would end too much.
    Armed,
    /// An operator asked for this run.
    Overridden,
}

/// Whether a run is for show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rehearsal {
    /// Do it.
    Real,
    /// Only count.
    DryRun,
}

/// What a run did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExpireReport {
    /// Assets and replacements that ended.
    pub expired: u64,
    /// Assets left alone because an object lies under a row that has not committed one.
    pub suspicious: u64,
}

/// What came of one asset that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// What was pending ended.
    Ended,
    /// All of it was verified, so it is published.
    Published,
    /// Its deadline was moved, or a file of it is being committed.
    NotYet,
    /// An object lies under a row that has not committed one: a person has to look.
    Suspicious,
    /// Somebody else wrote first.
    Raced,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExpireError {
    /// The clock leapt a short time ago: no server ran, or it was set. Nothing was ended.
    #[error("the clock leapt by {} s; nothing is expired for another {} s", leap.as_secs(), wait.as_secs())]
    Unsettled {
        /// How far it leapt.
        leap: TimeSpan,
        /// When to try again.
        wait: TimeSpan,
    },
    /// The breaker stopped it before anything was ended.
    #[error("refused to expire {would_expire} of {unfinished} unfinished files in one run")]
    Implausible {
        /// Files that would end.
        would_expire: u64,
        /// Files that are unfinished.
        unfinished: u64,
    },
    /// A port failed; what was ended stays ended.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Pending files that have not ended: what the breaker counts on both sides.
fn unfinished_files(asset: &Asset) -> u64 {
    asset.pending().filter(|file| file.state.reason().is_none()).count() as u64
}

impl App {
    /// Ends every asset, and every replacement in a published asset, whose deadline is at or before `as_of` (the
    /// catalog's now if `None`).
    ///
    /// # Errors
    /// See [`ExpireError`]. Whatever began during the run that forbids ending anything ends the run.
    pub async fn expire_assets(
        &self,
        as_of: Option<Timestamp>,
        breaker: Breaker,
        rehearsal: Rehearsal,
    ) -> Result<ExpireReport, ExpireError> {
        self.require_calm_now().await?;
        match breaker {
            Breaker::Armed => self.check_settled_and_plausible(as_of).await?,
            Breaker::Overridden => {}
        }
        let mut report = ExpireReport::default();
        let mut pages = DuePages::new(self, as_of);
        while let Some(Stamped { now, value: asset }) = pages.next().await? {
            let as_of = as_of.unwrap_or(now);
            if !ends(&asset, as_of, now) {
                continue;
            }
            let expiry = match rehearsal {
                Rehearsal::DryRun if self.is_suspicious(&asset).await? => Expiry::Suspicious,
                Rehearsal::DryRun => Expiry::Ended,
                Rehearsal::Real => self.expire_asset(&asset, as_of, now).await?,
            };
            match expiry {
                Expiry::Ended => report.expired += 1,
                Expiry::Suspicious => report.suspicious += 1,
                Expiry::Published | Expiry::NotYet | Expiry::Raced => {}
            }
        }
        Ok(report)
    }

    /// Whether a nightly run may end what is due at `as_of`.
    ///
    /// # Errors
    /// See [`ExpireError`].
    pub async fn judge_expiry(&self, as_of: Timestamp) -> Result<(), ExpireError> {
        self.require_calm_now().await?;
        self.check_settled_and_plausible(Some(as_of)).await
    }

    /// Ends what nobody finished of one asset, or publishes it where only that was left undone. A lost race means that it
    /// lives: its owner has just done something.
    pub async fn expire_asset(&self, asset: &Asset, as_of: Timestamp, now: Timestamp) -> Result<Expiry, PortError> {
        let Ok(change) = change::expire(asset, as_of, now) else { return Ok(Expiry::NotYet) };
        if self.is_suspicious(asset).await? {
            return Ok(Expiry::Suspicious);
        }
        // The start of a long run says little about its end; what was seen is kept for seconds.
        self.require_calm().await?;
        match self.apply(&change).await? {
            Written::Stale => Ok(Expiry::Raced),
            Written::Done if ends(asset, as_of, now) => Ok(Expiry::Ended),
            Written::Done => Ok(Expiry::Published),
        }
    }

    async fn check_settled_and_plausible(&self, as_of: Option<Timestamp>) -> Result<(), ExpireError> {
        let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
        let installation = self.load_installation(now).await?;
        let floor = match installation.trust(now) {
            Trust::None { leap, wait } => return Err(ExpireError::Unsettled { leap, wait }),
            Trust::Full => BREAKER_FLOOR,
            Trust::Wary => 0,
        };
        let judged = self.check_plausible(as_of, floor).await;
        if matches!(judged, Ok(()) | Err(ExpireError::Implausible { .. })) && installation.leap.is_some() {
            // Every write raises the epoch.
            let next = Installation { leap: None, ..installation.raised(now) };
            // Losing means that the epoch rose: the next run is as wary.
            let (Written::Done | Written::Stale) = self.replace_installation(&installation, &next).await?;
        }
        judged
    }

    async fn check_plausible(&self, as_of: Option<Timestamp>, floor: u64) -> Result<(), ExpireError> {
        let mut would_expire = 0;
        let mut pages = DuePages::new(self, as_of);
        while let Some(Stamped { now, value: asset }) = pages.next().await? {
            if ends(&asset, as_of.unwrap_or(now), now) {
                would_expire += unfinished_files(&asset);
            }
        }
        if would_expire <= floor {
            return Ok(());
        }
        let counts = self.parts.catalog.count_files().await.map_err(PortError::catalog)?;
        let open = [StateName::Reserved, StateName::Uploading, StateName::Committing, StateName::Verified];
        let unfinished = counts.iter().filter(|(state, _)| open.contains(state)).map(|(_, count)| count).sum();
        if would_expire * 100 > unfinished * BREAKER_PERCENT {
            return Err(ExpireError::Implausible { would_expire, unfinished });
        }
        Ok(())
    }

    /// Whether an object lies where none can be yet.
    async fn is_suspicious(&self, asset: &Asset) -> Result<bool, PortError> {
        for file in asset.pending() {
            let none_yet = matches!(file.state, FileState::Reserved | FileState::Uploading);
            if none_yet && self.parts.store.head(&file.key).await.map_err(PortError::store)?.is_some() {
                tracing::error!(file = %file.id, key = %file.key.path(), state = %file.state.name(),
                    "an object lies under a row that has not committed one: was the catalog restored from a backup? \
                     nothing is deleted");
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether expiring an asset ends anything: what is wholly verified is published, what is being committed is left alone.
fn ends(asset: &Asset, as_of: Timestamp, now: Timestamp) -> bool {
    change::expire(asset, as_of, now).is_ok_and(|change| {
        change.files.iter().any(|(_, file)| file.state == FileState::Deleting { reason: Reason::Abandoned })
            || change.asset.status == AssetStatus::Gone(Reason::Abandoned)
    })
}

/// Every asset that is due, page by page. One that cannot be read costs itself.
struct DuePages<'a> {
    app: &'a App,
    as_of: Option<Timestamp>,
    now: Timestamp,
    page: VecDeque<Asset>,
    after: Option<DueCursor>,
    ended: bool,
}

impl<'a> DuePages<'a> {
    const fn new(app: &'a App, as_of: Option<Timestamp>) -> Self {
        Self { app, as_of, now: Timestamp::UNIX_EPOCH, page: VecDeque::new(), after: None, ended: false }
    }

    async fn next(&mut self) -> Result<Option<Stamped<Asset>>, PortError> {
        loop {
            if let Some(asset) = self.page.pop_front() {
                return Ok(Some(Stamped { now: self.now, value: asset }));
            }
            if self.ended {
                return Ok(None);
            }
            let catalog = &self.app.parts.catalog;
            let read = catalog.list_due_assets(Slots::ALL, self.as_of, self.after.as_ref(), PAGE).await;
            let Stamped { now, value: rows } = read.map_err(PortError::catalog)?;
            self.now = now;
            self.ended = rows.len() < PAGE as usize;
            self.after = rows.last().map(|row| DueCursor { due_at: row.due_at, id: row.id.clone() });
            for row in rows {
                match row.row {
                    Ok(asset) => self.page.push_back(asset),
                    Err(error) => tracing::error!(
                        asset = row.id,
                        error = &error as &dyn std::error::Error,
                        "an asset that is due cannot be read; the others go on"
                    ),
                }
            }
        }
    }
}
