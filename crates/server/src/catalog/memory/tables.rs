//! The maps, and what reads and changes them. Synchronous; the lock around them is the transaction.

mod due_work;
mod keys;
mod owners;
mod reservations;
mod survey;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

use domain::quota::Usage;
use domain::{
    Asset, AssetId, AssetStatus, File, FileId, Installation, OutboxEvent, OwnerId, Place, RoleName, Shard, StateName,
    StoreProfile, Timestamp, Visibility,
};

use crate::catalog::{AssetList, AssetQuery, ListedStatus, Schedule};

/// What a role points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Pointers {
    published: Option<FileId>,
    pending: Option<FileId>,
}

/// An asset's own row, with its `places` left empty, and where its roles point.
#[derive(Debug, Clone)]
struct AssetRow {
    /// Its files' shard too.
    shard: Shard,
    asset: Asset,
    pointers: BTreeMap<RoleName, Pointers>,
    /// [`Asset::due_at`] when this row was written, or what was put off since.
    due_at: Option<Timestamp>,
    attempts: u32,
}

impl AssetRow {
    fn of(asset: &Asset) -> Self {
        let pointers = asset.places.iter().map(|(role, place)| (role.clone(), Pointers::of(place))).collect();
        let due_at = asset.due_at();
        Self {
            shard: asset.shard(),
            asset: Asset { places: BTreeMap::new(), ..asset.clone() },
            pointers,
            due_at,
            attempts: 0,
        }
    }
}

/// An idempotency record.
#[derive(Debug, Clone)]
struct Record {
    body: String,
    asset: AssetId,
    created_at: Timestamp,
    leased_at: Timestamp,
    settled: bool,
}

/// Who is idempotent, on which route, by which key.
type RecordKey = (OwnerId, String, String);

/// Everything the catalog knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    assets: BTreeMap<AssetId, AssetRow>,
    files: BTreeMap<FileId, File>,
    /// Whose key it is now, by bucket and key.
    by_key: BTreeMap<(Visibility, String), FileId>,
    /// Every key that any file ever had, purged ones included (I3).
    keys: BTreeSet<String>,
    /// Every asset that was ever published, purged ones included (I7).
    published: BTreeSet<AssetId>,
    /// What each owner has.
    owners: BTreeMap<(Shard, OwnerId), Usage>,
    records: BTreeMap<RecordKey, Record>,
    events: BTreeMap<u64, OutboxEvent>,
    /// Positions only rise, also after the last event is removed.
    last_position: u64,
    /// Failures in a row, of files that had some.
    attempts: BTreeMap<FileId, u32>,
    members: BTreeMap<String, Timestamp>,
    schedules: BTreeMap<String, Schedule>,
    /// Ids of rows that cannot be read.
    pub(super) unreadable: BTreeSet<String>,
    installation: Option<Installation>,
    pub(super) profile: Option<StoreProfile>,
}

impl Tables {
    fn placed(&self, row: &AssetRow) -> Asset {
        let file = |id: Option<FileId>| id.map(|id| self.files[&id].clone());
        let place =
            |pointers: &Pointers| Place { published: file(pointers.published), pending: file(pointers.pending) };
        let places = row.pointers.iter().map(|(role, pointers)| (role.clone(), place(pointers))).collect();
        Asset { places, ..row.asset.clone() }
    }

    pub(super) fn find_asset(&self, shard: Shard, id: AssetId) -> Option<Asset> {
        self.assets.get(&id).filter(|row| row.shard == shard).map(|row| self.placed(row))
    }

    pub(super) fn find_asset_anywhere(&self, id: AssetId) -> Option<Asset> {
        self.assets.get(&id).map(|row| self.placed(row))
    }

    pub(super) fn list_assets(&self, query: &AssetQuery) -> AssetList {
        let limit = usize::try_from(query.limit).expect("a page fits into memory");
        let older = self.assets.range((Unbounded, query.before.map_or(Unbounded, Excluded))).rev();
        let of_owner = older.map(|(_, row)| row).filter(|row| {
            let asset = &row.asset;
            asset.owner == query.owner && asset.collection == query.collection && may_be_listed(asset, query.status)
        });
        let looked_at = if query.contains.is_some() { query.look_at as usize } else { usize::MAX };
        let (mut assets, mut last) = (Vec::<Asset>::new(), None);
        for (looked, row) in of_owner.enumerate() {
            if looked == looked_at {
                return AssetList { assets, next: last };
            }
            let placed = self.placed(row);
            if is_wanted(&placed, query) {
                if assets.len() == limit {
                    let next = assets.last().map(|asset| asset.id);
                    return AssetList { assets, next };
                }
                assets.push(placed);
            }
            last = Some(row.asset.id);
        }
        AssetList { assets, next: None }
    }

    pub(super) fn row(&self, id: FileId) -> Option<File> {
        self.files.get(&id).cloned()
    }

    pub(super) fn find_file(&self, shard: Shard, id: FileId) -> Option<File> {
        self.row(id).filter(|file| file.shard() == shard)
    }

    pub(super) fn list_events(&self, after: u64, limit: u32) -> Vec<(u64, OutboxEvent)> {
        let limit = usize::try_from(limit).expect("a page fits into memory");
        let later = self.events.range((Excluded(after), Unbounded));
        later.take(limit).map(|(position, event)| (*position, event.clone())).collect()
    }

    pub(super) fn list_owner_events(&self, owner: &OwnerId, after: u64, limit: u32) -> Vec<(u64, OutboxEvent)> {
        let limit = usize::try_from(limit).expect("a page fits into memory");
        let later = self.events.range((Excluded(after), Unbounded)).filter(|(_, event)| event.owner == *owner);
        later.take(limit).map(|(position, event)| (*position, event.clone())).collect()
    }

    pub(super) fn last_event_position(&self) -> u64 {
        self.events.last_key_value().map_or(0, |(position, _)| *position)
    }

    pub(super) fn count_files(&self) -> Vec<(StateName, u64)> {
        let mut counts: BTreeMap<StateName, u64> = BTreeMap::new();
        for file in self.files.values() {
            *counts.entry(file.state.name()).or_default() += 1;
        }
        counts.into_iter().collect()
    }
}

/// Whether a search looks at an asset: those that are gone are among the others until their rows go.
fn may_be_listed(asset: &Asset, status: Option<ListedStatus>) -> bool {
    match status {
        None => true,
        Some(ListedStatus::Uploading) => asset.status == AssetStatus::Uploading,
        Some(ListedStatus::Created) => asset.status == AssetStatus::Created,
    }
}

fn is_wanted(asset: &Asset, query: &AssetQuery) -> bool {
    let is_shown = !matches!(asset.status, AssetStatus::Gone(_));
    let fingerprint = query.fingerprint.is_none() || query.fingerprint == asset.fingerprint;
    is_shown && fingerprint && query.contains.as_ref().is_none_or(|text| asset.shows(text))
}
