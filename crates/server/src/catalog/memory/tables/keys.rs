//! Files by key, rows for orphans, and what the catalog knows about itself.

use std::ops::Bound::{Included, Unbounded};

use domain::reconcile::{KeyedFile, Orphan};
use domain::{File, Installation, InstallationId, StateName, Timestamp, Visibility};

use super::{AssetRow, Tables};
use crate::catalog::Written;

impl Tables {
    pub(in crate::catalog::memory) fn list_keys(
        &self,
        visibility: Visibility,
        from: &str,
        upto: Option<&str>,
        limit: u32,
    ) -> Vec<KeyedFile> {
        let limit = usize::try_from(limit).expect("a page fits into memory");
        let later = self.by_key.range((Included((visibility, from.to_owned())), Unbounded));
        let inside = later
            .take_while(|((bucket, key), _)| *bucket == visibility && upto.is_none_or(|upto| key.as_str() <= upto));
        let keyed = |((_, key), id): (&(Visibility, String), &domain::FileId)| {
            let file = &self.files[id];
            KeyedFile {
                id: file.id,
                key: key.clone(),
                state: file.state.name(),
                upload_id: file.upload_id.clone(),
                object: file.state.object().cloned(),
                lost_since: file.state.lost_since(),
                due_at: self.owed_at(file),
            }
        };
        inside.take(limit).map(keyed).collect()
    }

    /// When somebody takes a file up without being asked: [`KeyedFile::due_at`].
    pub(in crate::catalog::memory) fn owed_at(&self, file: &File) -> Option<Timestamp> {
        match file.state.name() {
            StateName::Reserved | StateName::Uploading | StateName::Verified => {
                self.assets.get(&file.asset).and_then(|row| row.due_at)
            }
            StateName::Committing | StateName::Deleting | StateName::Closed => file.lane().and(file.due_at),
            StateName::Created => None,
        }
    }

    pub(in crate::catalog::memory) fn adopt_orphan(&mut self, orphan: &Orphan) -> Written {
        let Orphan { asset, file } = orphan;
        // A key is unique over both buckets.
        let both = [Visibility::Private, Visibility::Public].map(|visibility| (visibility, file.key.path()));
        if both.iter().any(|place| self.by_key.contains_key(place)) {
            return Written::Stale;
        }
        assert!(!self.files.contains_key(&file.id), "an orphan's row is new");
        let row = || AssetRow { shard: file.shard(), ..AssetRow::of(asset) };
        self.assets.entry(asset.id).or_insert_with(row);
        self.insert_file(file);
        Written::Done
    }

    pub(in crate::catalog::memory) fn load_installation(&mut self, fresh: InstallationId) -> Installation {
        *self.installation.get_or_insert(Installation::new(fresh))
    }

    pub(in crate::catalog::memory) fn replace_installation(
        &mut self,
        from: &Installation,
        next: &Installation,
    ) -> Written {
        let same = |row: &&mut Installation| (row.id, row.epoch) == (from.id, from.epoch);
        let Some(row) = self.installation.as_mut().filter(same) else { return Written::Stale };
        *row = *next;
        Written::Done
    }
}
