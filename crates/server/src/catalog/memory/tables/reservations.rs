//! T1 and its idempotency records, and files announced later.

use domain::change::Change;
use domain::quota::{Delta, Usage};
use domain::{AssetId, OwnerId, Timestamp};

use super::owners::Over;
use super::{AssetRow, Record, RecordKey, Tables};
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
        // Written before by this very request, which did not hear so.
        if self.assets.contains_key(&asset.id) {
            return Reserved::Fresh;
        }
        if let Some(answer) = claim.and_then(|claim| self.answer(&asset.owner, claim, now)) {
            return answer;
        }
        let delta = Delta::of_new(Usage::of_asset(asset));
        match self.room(&asset.owner, delta, reservation.allowance) {
            Ok(()) => {}
            Err(Over::Open) => return Reserved::TooManyOpen,
            Err(Over::Bytes) => return Reserved::TooManyBytes,
        }
        for file in asset.pending() {
            self.assert_new(file);
        }
        for file in asset.pending() {
            self.insert_file(file);
        }
        self.assets.insert(asset.id, AssetRow::of(asset));
        self.shift(&asset.owner, delta);
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
        } else if now.duration_since(record.leased_at).abs() <= IDEMPOTENCY_LEASE {
            Some(Reserved::InProgress)
        } else {
            record.leased_at = now;
            Some(Reserved::Resume(record.asset))
        }
    }

    pub(in crate::catalog::memory) fn announce(&mut self, change: &Change, allowance: Allowance) -> Announced {
        if !self.is_current(change) {
            return Announced::Stale;
        }
        match self.room(&change.asset.owner, change.delta, allowance) {
            Ok(()) => self.apply(change).into(),
            Err(Over::Open) => Announced::TooManyOpen,
            Err(Over::Bytes) => Announced::TooManyBytes,
        }
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
