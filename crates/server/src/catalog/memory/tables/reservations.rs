//! T1 and its idempotency records, and what an owner has reserved.

use domain::change::Change;
use domain::{Asset, AssetId, AssetStatus, ByteCount, File, OwnerId, Timestamp};

use super::{AssetRow, Pointers, Record, RecordKey, Tables};
use crate::catalog::{
    Allowance, Announced, FORGOTTEN_AT_ONCE, IDEMPOTENCY_KEPT, IDEMPOTENCY_LEASE, IdempotencyClaim, Reservation,
    Reserved,
};

fn record_key(owner: &OwnerId, claim: &IdempotencyClaim) -> RecordKey {
    (owner.clone(), claim.route.clone(), claim.key.clone())
}

impl Tables {
    pub(in crate::catalog::memory) fn reserve(&mut self, reservation: &Reservation, now: Timestamp) -> Reserved {
        let asset = &reservation.asset;
        let claim = reservation.idempotency.as_ref();
        if let Some(answer) = claim.and_then(|claim| self.answer(&asset.owner, claim, now)) {
            return answer;
        }
        if let Some(refusal) = self.over_allowance(asset, reservation.allowance) {
            return refusal;
        }
        assert!(!self.assets.contains_key(&asset.id), "an asset is reserved once");
        for file in asset.pending() {
            self.assert_new(file);
        }
        for file in asset.pending() {
            self.insert_file(file);
        }
        let pointers = asset.places.iter().map(|(role, place)| (role.clone(), Pointers::of(place))).collect();
        let row = AssetRow { asset: Asset { places: Default::default(), ..asset.clone() }, pointers };
        self.assets.insert(asset.id, row);
        if let Some(claim) = claim {
            self.record(&asset.owner, claim, asset.id, now);
        }
        Reserved::Fresh
    }

    fn answer(&mut self, owner: &OwnerId, claim: &IdempotencyClaim, now: Timestamp) -> Option<Reserved> {
        let record = self.records.get_mut(&record_key(owner, claim))?;
        if now.duration_since(record.created_at) > IDEMPOTENCY_KEPT {
            None
        } else if record.body != claim.body {
            Some(Reserved::KeyReused)
        } else if record.settled {
            Some(Reserved::Replay(record.asset))
        } else if now.duration_since(record.leased_at) <= IDEMPOTENCY_LEASE {
            Some(Reserved::InProgress)
        } else {
            record.leased_at = now;
            Some(Reserved::Resume(record.asset))
        }
    }

    fn over_allowance(&self, asset: &Asset, allowance: Allowance) -> Option<Reserved> {
        let own = |row: &&AssetRow| row.asset.owner == asset.owner && row.asset.status == AssetStatus::Uploading;
        let open = self.assets.values().filter(own).count();
        if u64::try_from(open).expect("a count fits") >= u64::from(allowance.open_uploads) {
            return Some(Reserved::TooManyOpen);
        }
        let reserved = self.reserved_bytes(&asset.owner, asset.pending());
        (reserved > allowance.reserved_bytes).then_some(Reserved::TooManyBytes)
    }

    /// What an owner's pending files that have not ended reserve, together with new ones.
    fn reserved_bytes<'a>(&'a self, owner: &OwnerId, new: impl Iterator<Item = &'a File>) -> ByteCount {
        let own = self.assets.values().filter(|row| row.asset.owner == *owner);
        let pending = own.flat_map(|row| row.pointers.values().filter_map(|pointers| pointers.pending));
        let alive = pending.map(|id| &self.files[&id]).filter(|file| file.state.reason().is_none());
        ByteCount(alive.chain(new).map(|file| file.plan.reserved().get()).sum())
    }

    pub(in crate::catalog::memory) fn announce(&mut self, change: &Change, allowed: ByteCount) -> Announced {
        if !self.is_current(change) {
            return Announced::Stale;
        }
        if self.reserved_bytes(&change.asset.owner, change.announced.iter()) > allowed {
            return Announced::TooManyBytes;
        }
        self.apply(change).into()
    }

    pub(in crate::catalog::memory) fn forget_requests(&mut self, now: Timestamp) -> u64 {
        let old = |record: &Record| now.duration_since(record.created_at) > IDEMPOTENCY_KEPT;
        let keys = self.records.iter().filter(|(_, record)| old(record)).map(|(key, _)| key.clone());
        let forgotten: Vec<RecordKey> = keys.take(FORGOTTEN_AT_ONCE as usize).collect();
        for key in &forgotten {
            self.records.remove(key);
        }
        forgotten.len() as u64
    }

    fn record(&mut self, owner: &OwnerId, claim: &IdempotencyClaim, asset: AssetId, now: Timestamp) {
        let body = claim.body.clone();
        let record = Record { body, asset, created_at: now, leased_at: now, settled: false };
        self.records.insert(record_key(owner, claim), record);
    }

    pub(in crate::catalog::memory) fn settle(&mut self, owner: &OwnerId, claim: &IdempotencyClaim) {
        let record = self.records.get_mut(&record_key(owner, claim));
        if let Some(record) = record.filter(|record| record.body == claim.body) {
            record.settled = true;
        }
    }
}
