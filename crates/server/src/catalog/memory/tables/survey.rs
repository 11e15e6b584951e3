//! What an operator asks.

use std::ops::Bound::{Excluded, Unbounded};

use domain::{Asset, AssetId, OutboxEvent, Shard};

use super::Tables;
use crate::catalog::{AssetList, StatusName, Survey};

impl Tables {
    pub(in crate::catalog::memory) fn survey_assets(&self, survey: &Survey) -> AssetList {
        let older = self.assets.range((Unbounded, survey.before.map_or(Unbounded, Excluded))).rev();
        let filters = survey.status.is_some() || survey.owner.is_some() || survey.contains.is_some();
        let looked_at = if filters { survey.look_at as usize } else { usize::MAX };
        let (mut assets, mut next, mut last) = (Vec::new(), None, None);
        for (looked, (id, row)) in older.enumerate() {
            if looked == looked_at {
                next = last;
                break;
            }
            let asset = self.placed(row);
            if is_wanted(&asset, survey) {
                if assets.len() == survey.limit as usize {
                    next = assets.last().map(|asset: &Asset| asset.id);
                    break;
                }
                assets.push(asset);
            }
            last = Some(*id);
        }
        AssetList { assets, next }
    }

    pub(in crate::catalog::memory) fn list_asset_events(
        &self,
        shard: Shard,
        asset: AssetId,
        limit: u32,
    ) -> Vec<(u64, OutboxEvent)> {
        let of_asset = self.events.iter().filter(|(_, event)| event.owner.shard() == shard && event.asset == asset);
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
    survey.status.is_none_or(|status| StatusName::of(asset.status) == status)
        && survey.owner.as_ref().is_none_or(|owner| asset.owner == *owner)
        && survey.contains.as_ref().is_none_or(|text| asset.shows(text))
}
