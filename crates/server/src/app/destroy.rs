//! T9 and T10: take everything that files have in the store, look that nothing is left, and close their rows.
//!
//! Files of one asset in one bucket go together: their keys begin alike, so one listing of uploads and one of objects look
//! at all of them. *Invariant* (I6): this runs only on rows that are durably DELETING or CLOSED, and only in the right
//! bucket ([`super::guard`]).

use std::collections::BTreeSet;

use domain::{Event, File, FileState, ObjectKey, UploadId, decide};

use super::{App, MAX_RACES, PortError};
use crate::catalog::Written;
use crate::store::{KEYS_PER_PAGE, Store, StoreError};

/// What came of a destruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destruction {
    /// The listings show nothing.
    Clean,
    /// Something is still there, or came back; somebody looks again.
    Remaining,
}

/// What the store has under the keys of some files of one asset in one bucket.
#[derive(Debug, Default)]
pub(super) struct Remaining {
    uploads: Vec<(usize, UploadId)>,
    objects: BTreeSet<usize>,
}

impl Remaining {
    /// Of the file that came at this place.
    pub(super) fn of(&self, place: usize) -> Destruction {
        let open = self.uploads.iter().any(|(file, _)| *file == place);
        if open || self.objects.contains(&place) { Destruction::Remaining } else { Destruction::Clean }
    }
}

impl App {
    /// Destroys and closes a DELETING file. `Ok` whether or not it got to the end: the row says how far it is.
    pub async fn destroy_file(&self, file: &File) -> Result<Destruction, PortError> {
        Ok(self.destroy_files(std::slice::from_ref(file)).await?[0])
    }

    /// The same for files of one asset in one bucket. Gives what came of each.
    pub async fn destroy_files(&self, files: &[File]) -> Result<Vec<Destruction>, PortError> {
        debug_assert!(
            files.iter().all(|file| matches!(file.state, FileState::Deleting { .. })),
            "only those are closed"
        );
        let outcomes = self.clear_store(files).await?;
        for (file, outcome) in files.iter().zip(&outcomes) {
            if *outcome == Destruction::Remaining {
                continue;
            }
            let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
            if let Ok(decision) = decide(file, &Event::Destroyed, now) {
                // Losing means that another server closed it: the same end.
                let (Written::Done | Written::Stale) = self.advance(file, &decision, &[]).await?;
            }
        }
        Ok(outcomes)
    }

    /// T9 (a) to (c). Aborts every upload on the keys, also those no row remembers, until the store shows none, deletes
    /// every version, and looks.
    pub(super) async fn clear_store(&self, files: &[File]) -> Result<Vec<Destruction>, PortError> {
        self.require_calm().await?;
        let store = &*self.parts.store;
        for file in files {
            if let Some(upload) = &file.upload_id {
                store.abort(&file.key, upload).await.map_err(PortError::store)?;
            }
            store.delete(&file.key).await.map_err(PortError::store)?;
        }
        let mut remaining = Remaining::default();
        for _ in 0..MAX_RACES {
            remaining.uploads = list_uploads(store, files).await.map_err(PortError::store)?;
            if remaining.uploads.is_empty() {
                break;
            }
            for (place, upload) in &remaining.uploads {
                store.abort(&files[*place].key, upload).await.map_err(PortError::store)?;
            }
        }
        // After the uploads: one that was completed meanwhile is an object now.
        remaining.objects = list_objects(store, files).await.map_err(PortError::store)?;
        Ok((0..files.len()).map(|place| remaining.of(place)).collect())
    }

    /// What files of one asset in one bucket still have in the store.
    pub(super) async fn look(&self, files: &[File]) -> Result<Remaining, PortError> {
        let store = &*self.parts.store;
        let uploads = list_uploads(store, files).await.map_err(PortError::store)?;
        let objects = list_objects(store, files).await.map_err(PortError::store)?;
        Ok(Remaining { uploads, objects })
    }

    /// Starts the destruction of files that just became DELETING. If it fails, their lane does it.
    pub(super) fn destroy_later(&self, files: impl IntoIterator<Item = File>) {
        let ended = files.into_iter().filter(|file| matches!(file.state, FileState::Deleting { .. }));
        let groups = by_place(ended.collect());
        if groups.is_empty() {
            return;
        }
        let app = self.clone();
        drop(self.outlive(async move {
            for files in groups {
                if let Err(error) = app.destroy_files(&files).await {
                    tracing::warn!(asset = %files[0].asset, error = &error as &dyn std::error::Error,
                        "not destroyed yet; the destroy lane will");
                }
            }
        }));
    }
}

/// Files by asset and bucket: what one pair of listings shows.
pub(crate) fn by_place(mut files: Vec<File>) -> Vec<Vec<File>> {
    files.sort_by_key(|file| (file.asset, file.key.visibility()));
    let same = |one: &File, other: &File| (one.asset, one.key.visibility()) == (other.asset, other.key.visibility());
    files.chunk_by(same).map(<[File]>::to_vec).collect()
}

/// Which of the files a listed key is of.
fn place_of(keys: &[(usize, &ObjectKey)], listed: &str) -> Option<usize> {
    keys.iter().find(|(_, key)| key.path() == listed).map(|(place, _)| *place)
}

fn keys_of(files: &[File]) -> Vec<(usize, &ObjectKey)> {
    files.iter().map(|file| &file.key).enumerate().collect()
}

/// Every multipart upload that is open on exactly the keys of these files.
async fn list_uploads(store: &dyn Store, files: &[File]) -> Result<Vec<(usize, UploadId)>, StoreError> {
    let Some(first) = files.first() else { return Ok(Vec::new()) };
    let (prefix, bucket, keys) = (first.key.file_key().asset_prefix(), first.key.visibility(), keys_of(files));
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_open_uploads_page(bucket, &prefix, after.as_ref(), KEYS_PER_PAGE).await?;
        let placed = page.uploads.into_iter().filter_map(|upload| Some((place_of(&keys, &upload.key)?, upload.id)));
        found.extend(placed);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}

/// Those of the files under whose key there is an object.
async fn list_objects(store: &dyn Store, files: &[File]) -> Result<BTreeSet<usize>, StoreError> {
    let Some(first) = files.first() else { return Ok(BTreeSet::new()) };
    let (prefix, bucket, keys) = (first.key.file_key().asset_prefix(), first.key.visibility(), keys_of(files));
    let (mut found, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.list_objects_page(bucket, &prefix, after.as_deref(), KEYS_PER_PAGE).await?;
        found.extend(page.objects.iter().filter_map(|object| place_of(&keys, &object.key)));
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}
