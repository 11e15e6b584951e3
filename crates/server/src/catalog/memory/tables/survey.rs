//! What an operator asks.

use std::ops::Bound::{Excluded, Unbounded};

use domain::{Asset, AssetId, OutboxEvent};

use super::Tables;
use crate::catalog::{StatusName, Survey, Surveyed};

impl Tables {
    pub(in crate::catalog::memory) fn survey_assets(&self, survey: &Survey) -> Surveyed {
        let older = self.assets.range((Unbounded, survey.before.map_or(Unbounded, Excluded))).rev();
        let filters = survey.status.is_some() || survey.owner.is_some() || survey.title_contains.is_some();
        let looked_at = if filters { survey.look_at as usize } else { usize::MAX };
        let (mut assets, mut next, mut last) = (Vec::new(), None, None);
        for (looked, (id, row)) in older.enumerate() {
            if looked == looked_at {
                next = last;
                break;
            }
            if is_wanted(&row.asset, survey) {
                if assets.len() == survey.limit as usize {
                    next = assets.last().map(|asset: &Asset| asset.id);
                    break;
                }
                assets.push(self.placed(row));
            }
            last = Some(*id);
        }
        Surveyed { assets, next }
    }

    pub(in crate::catalog::memory) fn list_asset_events(&self, asset: AssetId, limit: u32) -> Vec<(u64, OutboxEvent)> {
        let of_asset = self.events.iter().filter(|(_, event)| event.asset == asset);
        of_asset.take(limit as usize).map(|(position, event)| (*position, event.clone())).collect()
    }

    pub(in crate::catalog::memory) fn count_assets(&self) -> Vec<(StatusName, u64)> {
        let count = |status| {
            let count = self.assets.values().filter(|row| StatusName::of(row.asset.status) == status).count();
            (status, count as u64)
        };
        StatusName::ALL.into_iter().map(count).filter(|(_, count)| *count > 0).collect()
    }
}

fn is_wanted(asset: &Asset, survey: &Survey) -> bool {
    let title = asset.title.as_str().to_ascii_lowercase();
    survey.status.is_none_or(|status| StatusName::of(asset.status) == status)
        && survey.owner.as_ref().is_none_or(|owner| asset.owner == *owner)
        && survey.title_contains.as_ref().is_none_or(|part| title.contains(&part.to_ascii_lowercase()))
}
