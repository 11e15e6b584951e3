//! What each owner has.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use domain::OwnerId;
use domain::quota::{Delta, Usage};

use super::Tables;
use crate::catalog::{Allowance, OwnerUsage};

/// Why a charge was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Open,
    Bytes,
}

impl Tables {
    pub(in crate::catalog::memory) fn load_usage(&self, owner: &OwnerId) -> Usage {
        self.owners.get(&(owner.shard(), owner.clone())).copied().unwrap_or_default()
    }

    /// Whether there is room for what a delta adds.
    pub(super) fn room(&self, owner: &OwnerId, delta: Delta, allowance: Allowance) -> Result<(), Over> {
        let kept = self.load_usage(owner);
        let over = |kept: u64, grows: i64, limit: u64| grows > 0 && kept.saturating_add_signed(grows) > limit;
        if over(kept.open_uploads, delta.open_uploads, allowance.open_uploads.into()) {
            return Err(Over::Open);
        }
        if over(kept.reserved_bytes.get(), delta.reserved_bytes, allowance.reserved_bytes.get()) {
            return Err(Over::Bytes);
        }
        Ok(())
    }

    /// Whatever is given back too often stays at nothing, as everywhere.
    pub(super) fn shift(&mut self, owner: &OwnerId, delta: Delta) {
        if delta == Delta::NONE {
            return;
        }
        let kept = self.owners.entry((owner.shard(), owner.clone())).or_default();
        *kept = Usage {
            open_uploads: kept.open_uploads.saturating_add_signed(delta.open_uploads),
            reserved_bytes: kept.reserved_bytes.get().saturating_add_signed(delta.reserved_bytes).into(),
            stored_bytes: kept.stored_bytes.get().saturating_add_signed(delta.stored_bytes).into(),
        };
    }

    pub(in crate::catalog::memory) fn recount_usage(&self, after: Option<&OwnerId>, limit: u32) -> Vec<OwnerUsage> {
        let mut counted: BTreeMap<_, Usage> = BTreeMap::new();
        for row in self.assets.values() {
            let of_asset = counted.entry((row.shard, row.asset.owner.clone())).or_default();
            *of_asset = *of_asset + Usage::of_asset(&self.placed(row));
        }
        for key in self.owners.keys() {
            counted.entry(key.clone()).or_default();
        }
        let after = after.map_or(Unbounded, |owner| Excluded((owner.shard(), owner.clone())));
        let page = counted.range((after, Unbounded)).take(limit as usize);
        page.map(|((_, owner), counted)| OwnerUsage {
            owner: owner.clone(),
            kept: self.load_usage(owner),
            counted: *counted,
        })
        .collect()
    }
}
