//! T1 and its idempotency records.

use domain::{Asset, AssetId, AssetStatus, OwnerId, Timestamp};

use super::{AssetRow, Pointers, Record, RecordKey, Tables};
use crate::catalog::{Allowance, IDEMPOTENCY_KEPT, IDEMPOTENCY_LEASE, IdempotencyClaim, Reservation, Reserved};

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
        let present =
            |row: &&AssetRow| row.asset.owner == asset.owner && !matches!(row.asset.status, AssetStatus::Gone(_));
        let assets: Vec<Asset> = self.assets.values().filter(present).map(|row| self.placed(row)).collect();
        let open = assets.iter().filter(|other| other.status == AssetStatus::Uploading).count();
        if u64::try_from(open).expect("a count fits") >= u64::from(allowance.open_uploads) {
            return Some(Reserved::TooManyOpen);
        }
        let alive = assets.iter().flat_map(Asset::pending).filter(|file| file.state.reason().is_none());
        let reserved: u64 = alive.chain(asset.pending()).map(|file| file.plan.size().get()).sum();
        (reserved > allowance.reserved_bytes.get()).then_some(Reserved::TooManyBytes)
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
