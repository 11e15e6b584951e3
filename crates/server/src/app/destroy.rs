//! T9 and T10: take everything a file has in the store, look that nothing is left, and close the row.
//!
//! *Invariant* (I6): this runs only on rows that are durably DELETING or CLOSED, and only in the right bucket
//! ([`super::guard`]).

use domain::{Event, File, FileState, decide};

use super::{App, MAX_RACES, PortError};
use crate::catalog::Written;
use crate::store::list_parts;

/// What came of a destruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destruction {
    /// HEAD and the listing show nothing.
    Clean,
    /// Something is still there, or came back; the job looks again.
    Remaining,
}

impl App {
    /// Destroys and closes a DELETING file. `Ok` whether or not it got to the end: the row says how far it is.
    pub async fn destroy_file(&self, file: &File) -> Result<Destruction, PortError> {
        debug_assert!(matches!(file.state, FileState::Deleting { .. }), "only DELETING files are closed");
        let outcome = self.clear_store(file).await?;
        if outcome == Destruction::Clean {
            let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
            if let Ok(decision) = decide(file, &Event::Destroyed, now) {
                // Losing means that another job closed it: the same end.
                let (Written::Done | Written::Stale) = self.advance(file, &decision, &[]).await?;
            }
        }
        Ok(outcome)
    }

    /// T9 (a) to (c). Aborts every upload on the key, also those no row remembers, until the store knows none.
    pub(super) async fn clear_store(&self, file: &File) -> Result<Destruction, PortError> {
        self.require_calm().await?;
        let store = &*self.parts.store;
        if let Some(upload) = &file.upload_id {
            store.abort(&file.key, upload).await.map_err(PortError::store)?;
        }
        for _ in 0..MAX_RACES {
            let uploads = store.list_uploads(&file.key).await.map_err(PortError::store)?;
            if uploads.is_empty() {
                break;
            }
            for upload in &uploads {
                store.abort(&file.key, upload).await.map_err(PortError::store)?;
            }
        }
        store.delete(&file.key).await.map_err(PortError::store)?;
        self.look(file).await
    }

    /// Whether anything of a file is in the store.
    pub(super) async fn look(&self, file: &File) -> Result<Destruction, PortError> {
        let store = &*self.parts.store;
        // The listing may leave out what the upload id itself still finds, so both are asked.
        if let Some(upload) = &file.upload_id
            && list_parts(store, &file.key, upload).await.map_err(PortError::store)?.is_some()
        {
            return Ok(Destruction::Remaining);
        }
        if !store.list_uploads(&file.key).await.map_err(PortError::store)?.is_empty() {
            return Ok(Destruction::Remaining);
        }
        match store.head(&file.key).await.map_err(PortError::store)? {
            Some(_) => Ok(Destruction::Remaining),
            None => Ok(Destruction::Clean),
        }
    }

    /// Starts the destruction of files that just became DELETING. If it fails, the job does it.
    pub(super) fn destroy_later(&self, files: impl IntoIterator<Item = File>) {
        let ended: Vec<File> =
            files.into_iter().filter(|file| matches!(file.state, FileState::Deleting { .. })).collect();
        if ended.is_empty() {
            return;
        }
        let app = self.clone();
        drop(self.outlive(async move {
            for file in ended {
                if let Err(error) = app.destroy_file(&file).await {
                    tracing::warn!(file = %file.id, error = &error as &dyn std::error::Error,
                        "not destroyed yet; the destroy job will");
                }
            }
        }));
    }
}
