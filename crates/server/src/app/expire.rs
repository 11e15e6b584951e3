//! T7: end what nobody finished.
//!
//! HEAD comes first: an object under a row that never committed one means that the catalog was rewound (restored from
//! a backup), and a rewound catalog must destroy nothing. A breaker stops a run that would end an implausible share of
//! all uploads, which is what a clock that jumped looks like. Markers and clocks are looked at again during a run, which
//! may take long ([`super::guard`]).

use domain::change;
use domain::{Asset, AssetId, FileState, StateName, Timestamp};

use super::{App, PortError};
use crate::catalog::{Stamped, Written};

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

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExpireError {
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
            Breaker::Armed => self.check_plausible(as_of).await?,
            Breaker::Overridden => {}
        }
        let mut report = ExpireReport::default();
        let mut after = None;
        loop {
            let (page, next) = self.expired_page(as_of, after).await?;
            for Stamped { now, value: asset } in page {
                if self.is_suspicious(&asset).await? {
                    report.suspicious += 1;
                    continue;
                }
                // The start of a long run says little about its end; what was seen is kept for seconds.
                self.require_calm().await?;
                match rehearsal {
                    Rehearsal::DryRun => report.expired += 1,
                    Rehearsal::Real => report.expired += self.expire_one(&asset, as_of.unwrap_or(now), now).await?,
                }
            }
            let Some(next) = next else { return Ok(report) };
            after = Some(next);
        }
    }

    async fn check_plausible(&self, as_of: Option<Timestamp>) -> Result<(), ExpireError> {
        let mut would_expire = 0;
        let mut after = None;
        loop {
            let (page, next) = self.expired_page(as_of, after).await?;
            would_expire += page.iter().map(|asset| unfinished_files(&asset.value)).sum::<u64>();
            let Some(next) = next else { break };
            after = Some(next);
        }
        if would_expire <= BREAKER_FLOOR {
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

    /// One page of assets that really expire, and where the next page begins.
    async fn expired_page(
        &self,
        as_of: Option<Timestamp>,
        after: Option<AssetId>,
    ) -> Result<(Vec<Stamped<Asset>>, Option<AssetId>), PortError> {
        let found = self.parts.catalog.list_expirable(as_of, after, PAGE).await.map_err(PortError::catalog)?;
        let now = found.now;
        let next = (found.value.len() == PAGE as usize).then(|| found.value.last().map(|asset| asset.id)).flatten();
        let expired = found.value.into_iter().filter(|asset| change::expire(asset, as_of.unwrap_or(now), now).is_ok());
        Ok((expired.map(|value| Stamped { now, value }).collect(), next))
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

    /// Ends one asset. A lost race means that it lives: its owner has just done something.
    async fn expire_one(&self, asset: &Asset, as_of: Timestamp, now: Timestamp) -> Result<u64, PortError> {
        let Ok(change) = change::expire(asset, as_of, now) else { return Ok(0) };
        match self.apply(&change).await? {
            Written::Done => Ok(1),
            Written::Stale => Ok(0),
        }
    }
}
