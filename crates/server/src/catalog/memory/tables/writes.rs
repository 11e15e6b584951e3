//! Compare-and-set of files and assets, held against the rows.

use domain::change::Change;
use domain::quota::{self, Delta, Usage};
use domain::{AssetId, AssetStatus, EventKind, Fence, File, FileId, OutboxEvent, Place, Shard, StateName, Timestamp};

use super::{AssetRow, Pointers, Tables};
use crate::catalog::{AssetPatch, IDEMPOTENCY_KEPT, Written, duties};

impl Pointers {
    pub(super) fn of(place: &Place) -> Self {
        let id = |file: &Option<File>| file.as_ref().map(|file| file.id);
        Self { published: id(&place.published), pending: id(&place.pending) }
    }

    fn ids(self) -> impl Iterator<Item = FileId> {
        self.published.into_iter().chain(self.pending)
    }

    fn forget(&mut self, file: FileId) -> bool {
        let before = *self;
        self.published = self.published.filter(|id| *id != file);
        self.pending = self.pending.filter(|id| *id != file);
        *self != before
    }
}

impl Tables {
    pub(super) fn assert_new(&self, file: &File) {
        assert!(!self.files.contains_key(&file.id), "a file is announced once");
        assert!(!self.keys.contains(&file.key.path()), "a key is never used again (I3)");
    }

    pub(super) fn insert_file(&mut self, file: &File) {
        self.keys.insert(file.key.path());
        self.by_key.insert((file.key.visibility(), file.key.path()), file.id);
        self.files.insert(file.id, file.clone());
    }

    /// Whatever is written is owed anew.
    fn write_file(&mut self, file: &File) {
        self.attempts.remove(&file.id);
        self.files.insert(file.id, file.clone());
    }

    fn append(&mut self, events: &[OutboxEvent]) {
        for event in events {
            self.last_position += 1;
            self.events.insert(self.last_position, event.clone());
        }
    }

    pub(in crate::catalog::memory) fn patch_asset(
        &mut self,
        shard: Shard,
        id: AssetId,
        from: Fence,
        patch: &AssetPatch,
    ) -> Written {
        let row = self.assets.get_mut(&id).filter(|row| row.shard == shard && row.asset.revision == from);
        let Some(AssetRow { asset, .. }) = row else { return Written::Stale };
        let AssetPatch { title, description, metadata } = patch.clone();
        asset.title = title.unwrap_or_else(|| asset.title.clone());
        asset.description = description.unwrap_or_else(|| asset.description.clone());
        asset.metadata = metadata.unwrap_or_else(|| asset.metadata.clone());
        asset.revision = from.next();
        Written::Done
    }

    pub(in crate::catalog::memory) fn advance(
        &mut self,
        before: &File,
        next: &File,
        events: &[OutboxEvent],
    ) -> Written {
        let Some(row) = self.files.get(&next.id).filter(|row| row.fence == before.fence) else {
            return Written::Stale;
        };
        duties::of_step(row, next);
        let shown = self.assets.get(&next.asset).is_some_and(|row| {
            row.asset.status == AssetStatus::Created
                && row.pointers.values().any(|pointers| pointers.published == Some(next.id))
        });
        assert!(!shown, "what a CREATED asset shows ends by `apply`, which moves its pointer (I7)");
        let delta = Delta::of_step(row, next);
        if let Some(owner) = self.assets.get(&next.asset).map(|row| row.asset.owner.clone()) {
            self.shift(&owner, delta);
        }
        self.write_file(next);
        self.append(events);
        Written::Done
    }

    /// Whether an asset and its files are still as a change has read them.
    pub(super) fn is_current(&self, change: &Change) -> bool {
        let asset = self.assets.get(&change.asset.id);
        let file = |id: &FileId, from: Fence| self.files.get(id).is_some_and(|row| row.fence == from);
        asset.is_some_and(|row| row.asset.revision == change.from_revision)
            && change.files.iter().all(|(from, next)| file(&next.id, *from))
    }

    pub(in crate::catalog::memory) fn apply(&mut self, change: &Change) -> Written {
        let asset = &change.asset;
        if !self.is_current(change) {
            return Written::Stale;
        }
        self.assert_change(&self.assets[&asset.id], change);

        for (_, file) in &change.files {
            self.write_file(file);
        }
        if let Some(file) = &change.announced {
            self.insert_file(file);
        }
        self.assets.insert(asset.id, AssetRow::of(asset));
        self.shift(&asset.owner, change.delta);
        if asset.status == AssetStatus::Created {
            self.published.insert(asset.id);
        }
        self.append(&change.events);
        Written::Done
    }

    /// Holds a change against the rows it is about to replace.
    fn assert_change(&self, row: &AssetRow, change: &Change) {
        let (old, new) = (&row.asset, &change.asset);
        assert_eq!(
            (&old.owner, &old.collection, old.created_at),
            (&new.owner, &new.collection, new.created_at),
            "a change keeps what an asset is"
        );
        let goes = matches!(new.status, AssetStatus::Gone(_));
        assert!(goes || old.fingerprint == new.fingerprint, "a change keeps what an asset is");
        let mut delta = quota::delta(Usage::of_status(old.status), Usage::of_status(new.status));
        for (_, file) in &change.files {
            delta += Delta::of_step(&self.files[&file.id], file);
        }
        if let Some(file) = &change.announced {
            delta += Delta::of_new(Usage::of_file(file));
        }
        assert_eq!(change.delta, delta, "a change says what it moves");
        assert!(!matches!(old.status, AssetStatus::Gone(_)), "an asset that is gone stays as it is");
        let steps_back = old.status == AssetStatus::Created && new.status == AssetStatus::Uploading;
        assert!(!steps_back, "an asset is never unpublished");
        for (_, file) in &change.files {
            duties::of_step(&self.files[&file.id], file);
        }
        if let Some(file) = &change.announced {
            self.assert_new(file);
        }
        self.assert_pointers(change);
        self.assert_nothing_left_behind(row, change);

        let becomes_created = old.status == AssetStatus::Uploading && new.status == AssetStatus::Created;
        let says_created = change.events.iter().any(|event| event.kind == EventKind::AssetCreated);
        assert_eq!(becomes_created, says_created, "asset.created comes with the publication, and only then (I7)");
        assert!(!becomes_created || !self.published.contains(&new.id), "an asset is published once (I7)");
    }

    /// Every place points at a file that is there, and a CREATED asset at CREATED files only.
    fn assert_pointers(&self, change: &Change) {
        let state_of = |id: FileId| {
            let written = change.files.iter().map(|(_, file)| file).chain(&change.announced);
            let file = written.chain(self.files.values()).find(|file| file.id == id);
            file.expect("a place points at a file that is there").state.name()
        };
        for place in change.asset.places.values() {
            let Pointers { published, pending } = Pointers::of(place);
            let (published, pending) = (published.map(state_of), pending.map(state_of));
            let ended = |state: Option<StateName>| state.is_none_or(|state| state >= StateName::Deleting);
            match change.asset.status {
                AssetStatus::Uploading => assert_eq!(published, None, "nothing is published before its asset (I7)"),
                AssetStatus::Created => assert!(
                    published.is_none_or(|state| state == StateName::Created),
                    "a CREATED asset shows CREATED files only (I7)"
                ),
                AssetStatus::Gone(_) => assert!(ended(published) && ended(pending), "an asset goes with its files"),
            }
            assert_ne!(pending, Some(StateName::Created), "what is pending is not published");
        }
    }

    /// A file that no place points at any more has ended, or nobody would ever clean it up.
    fn assert_nothing_left_behind(&self, row: &AssetRow, change: &Change) {
        let kept: Vec<FileId> = change.asset.files().map(|file| file.id).collect();
        for id in row.pointers.values().flat_map(|pointers| pointers.ids()).filter(|id| !kept.contains(id)) {
            let next = change.files.iter().map(|(_, file)| file).find(|file| file.id == id);
            let state = &next.unwrap_or(&self.files[&id]).state;
            assert!(state.reason().is_some(), "a file leaves its place when it ends");
        }
    }

    pub(in crate::catalog::memory) fn purge(
        &mut self,
        shard: Shard,
        id: FileId,
        from: Fence,
        now: Timestamp,
    ) -> Written {
        let closed =
            |file: &&File| file.shard() == shard && file.fence == from && file.state.name() == StateName::Closed;
        let found = self.files.get(&id).filter(closed).map(|file| (file.asset, file.key.clone()));
        let Some((asset, key)) = found else { return Written::Stale };
        let row = self.assets.get_mut(&asset).expect("a file has its asset");
        let forgotten = row.pointers.values_mut().filter_map(|pointers| pointers.forget(id).then_some(())).count();
        if forgotten > 0 {
            row.asset.revision = row.asset.revision.next();
        }
        let gone = matches!(row.asset.status, AssetStatus::Gone(_));
        self.files.remove(&id);
        self.attempts.remove(&id);
        self.by_key.remove(&(key.visibility(), key.path()));
        if gone && self.files.values().all(|file| file.asset != asset) {
            self.assets.remove(&asset);
            let old = |at: Timestamp| now.duration_since(at) > IDEMPOTENCY_KEPT;
            self.events.retain(|_, event| event.asset != asset || !old(event.at));
        }
        Written::Done
    }
}
