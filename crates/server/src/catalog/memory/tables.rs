//! The maps, and what reads and changes them. Synchronous; the lock around them is the transaction.

mod keys;
mod reservations;
mod survey;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

use domain::{
    Asset, AssetId, AssetStatus, File, FileId, Installation, OutboxEvent, OwnerId, Place, RoleName, StateName,
    StoreProfile, Timestamp, Visibility,
};

use crate::catalog::{AssetQuery, ListedStatus};

/// What a role points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Pointers {
    published: Option<FileId>,
    pending: Option<FileId>,
}

/// An asset's own row, with its `places` left empty, and where its roles point.
#[derive(Debug, Clone)]
struct AssetRow {
    asset: Asset,
    pointers: BTreeMap<RoleName, Pointers>,
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

/// A lease.
#[derive(Debug, Clone)]
struct Lease {
    holder: String,
    lapses_at: Timestamp,
}

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
    records: BTreeMap<RecordKey, Record>,
    events: BTreeMap<u64, OutboxEvent>,
    /// Positions only rise, also after the last event is removed.
    last_position: u64,
    leases: BTreeMap<String, Lease>,
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

    pub(super) fn find_asset(&self, id: AssetId) -> Option<Asset> {
        self.assets.get(&id).map(|row| self.placed(row))
    }

    pub(super) fn list_assets(&self, query: &AssetQuery) -> Vec<Asset> {
        let limit = usize::try_from(query.limit).expect("a page fits into memory");
        let older = self.assets.range((Unbounded, query.before.map_or(Unbounded, Excluded)));
        let wanted = older.rev().map(|(_, row)| row).filter(|row| is_wanted(&row.asset, query));
        wanted.take(limit).map(|row| self.placed(row)).collect()
    }

    pub(super) fn find_file(&self, id: FileId) -> Option<File> {
        self.files.get(&id).cloned()
    }

    pub(super) fn list_files(&self, state: StateName, after: Option<FileId>, limit: u32, now: Timestamp) -> Vec<File> {
        let limit = usize::try_from(limit).expect("a page fits into memory");
        let later = self.files.range((after.map_or(Unbounded, Excluded), Unbounded)).map(|(_, file)| file);
        let due = |file: &&File| match &file.state {
            domain::FileState::Closed { recheck_at, .. } => *recheck_at <= now,
            _ => true,
        };
        later.filter(|file| file.state.name() == state).filter(due).take(limit).cloned().collect()
    }

    pub(super) fn list_awaited(&self, after: Option<FileId>, limit: u32, now: Timestamp) -> Vec<File> {
        let limit = usize::try_from(limit).expect("a page fits into memory");
        let later = self.files.range((after.map_or(Unbounded, Excluded), Unbounded)).map(|(_, file)| file);
        let uploading = later.filter(|file| file.state.name() == StateName::Uploading);
        uploading.filter(|file| file.auto.is_some_and(|looks| looks.is_due(now))).take(limit).cloned().collect()
    }

    pub(super) fn list_expirable(&self, as_of: Timestamp, after: Option<AssetId>, limit: u32) -> Vec<Asset> {
        let limit = usize::try_from(limit).expect("a page fits into memory");
        let later = self.assets.range((after.map_or(Unbounded, Excluded), Unbounded)).map(|(_, row)| row);
        let assets = later.filter(|row| !matches!(row.asset.status, AssetStatus::Gone(_))).map(|row| self.placed(row));
        assets.filter(|asset| asset.pending().any(|file| file.deadline <= as_of)).take(limit).collect()
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

    pub(super) fn take_lease(&mut self, name: &str, holder: &str, now: Timestamp, lapses_at: Timestamp) -> bool {
        let held = self.leases.get(name).is_some_and(|lease| lease.holder != holder && lease.lapses_at > now);
        if !held {
            self.leases.insert(name.to_owned(), Lease { holder: holder.to_owned(), lapses_at });
        }
        !held
    }

    pub(super) fn release_lease(&mut self, name: &str, holder: &str) {
        if self.leases.get(name).is_some_and(|lease| lease.holder == holder) {
            self.leases.remove(name);
        }
    }
}

fn is_wanted(asset: &Asset, query: &AssetQuery) -> bool {
    let status = match (asset.status, query.status) {
        (AssetStatus::Uploading, None | Some(ListedStatus::Uploading)) => true,
        (AssetStatus::Created, None | Some(ListedStatus::Created)) => true,
        (AssetStatus::Uploading | AssetStatus::Created | AssetStatus::Gone(_), _) => false,
    };
    let title = query
        .title_contains
        .as_ref()
        .is_none_or(|part| asset.title.as_str().to_ascii_lowercase().contains(&part.to_ascii_lowercase()));
    let fingerprint = query.fingerprint.is_none() || query.fingerprint == asset.fingerprint;
    asset.owner == query.owner && asset.collection == query.collection && status && title && fingerprint
}
