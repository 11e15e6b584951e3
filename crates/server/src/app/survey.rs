//! What an operator sees: assets of everybody in any status, since when, and what happened to one of them.

use domain::{Asset, AssetId, EventKind, OutboxEvent, Shard, Timestamp};

use super::{App, PortError};
use crate::catalog::{StatusName, Survey};

/// Events of one asset that are told, at most: each is its publication, its end, or a rejected file.
const EVENTS_TOLD: u32 = 1_000;

/// An asset with the time since when it is in its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedAsset {
    /// The asset.
    pub asset: Asset,
    /// Since when.
    pub since: Timestamp,
}

/// A page of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyPage {
    /// Newest first. Fewer than the limit, or none, does not mean that there are no more.
    pub assets: Vec<SurveyedAsset>,
    /// Where the next page begins, if there may be more.
    pub next: Option<AssetId>,
}

/// Something that happened to an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// `asset.reserved`, `file.reserved`, `file.lost`, or the name of an outbox event.
    pub event: &'static str,
    /// More about it.
    pub detail: Option<String>,
}

impl App {
    /// Assets of everybody, newest first.
    pub async fn survey_assets(&self, survey: &Survey) -> Result<SurveyPage, PortError> {
        let found = self.parts.catalog.survey_assets(survey).await.map_err(PortError::catalog)?.value;
        let mut assets = Vec::with_capacity(found.assets.len());
        for asset in found.assets {
            // Rows of assets that are gone do not say since when; the outbox does.
            let events = match StatusName::of(asset.status) {
                StatusName::Gone => self.events_of(asset.shard(), asset.id).await?,
                StatusName::Uploading | StatusName::Created => Vec::new(),
            };
            assets.push(dated(asset, &events));
        }
        Ok(SurveyPage { assets, next: found.next })
    }

    /// An asset in any status, with its history as far as rows and outbox tell it: events of the oldest 1,000, and files
    /// that still have a place. Once the last file of an asset that is gone is purged, its row goes, and later its events.
    pub async fn find_any_asset(&self, id: AssetId) -> Result<Option<(SurveyedAsset, Vec<Happening>)>, PortError> {
        let found = self.parts.catalog.find_asset_anywhere(id).await.map_err(PortError::catalog)?;
        let Some(asset) = found.value else { return Ok(None) };
        let events = self.events_of(asset.shard(), id).await?;
        let history = history(&asset, &events);
        Ok(Some((dated(asset, &events), history)))
    }

    async fn events_of(&self, shard: Shard, id: AssetId) -> Result<Vec<OutboxEvent>, PortError> {
        let events = self.parts.catalog.list_asset_events(shard, id, EVENTS_TOLD).await.map_err(PortError::catalog)?;
        Ok(events.into_iter().map(|(_, event)| event).collect())
    }
}

/// An asset that reconcile made for an orphan was gone from its beginning and has no event.
fn dated(asset: Asset, events: &[OutboxEvent]) -> SurveyedAsset {
    let ended = |event: &&OutboxEvent| matches!(event.kind, EventKind::AssetExpired | EventKind::AssetDeleted);
    let since = match StatusName::of(asset.status) {
        StatusName::Uploading => None,
        StatusName::Created => asset.published_at,
        StatusName::Gone => events.iter().rev().find(ended).map(|event| event.at),
    };
    SurveyedAsset { since: since.unwrap_or(asset.created_at), asset }
}

fn history(asset: &Asset, events: &[OutboxEvent]) -> Vec<Happening> {
    let mut history = vec![Happening { at: asset.created_at, event: "asset.reserved", detail: None }];
    for file in asset.files() {
        let role = Some(file.role.to_string());
        history.push(Happening { at: file.created_at, event: "file.reserved", detail: role.clone() });
        history.extend(file.state.lost_since().map(|at| Happening { at, event: "file.lost", detail: role }));
    }
    history.extend(events.iter().map(|event| {
        let detail = match &event.kind {
            EventKind::AssetRejected { role, reason } => Some(format!("{role}: {}", reason.code())),
            EventKind::AssetCreated | EventKind::AssetExpired | EventKind::AssetDeleted => None,
        };
        Happening { at: event.at, event: event.kind.name(), detail }
    }));
    history.sort_by_key(|happening| happening.at);
    history
}
