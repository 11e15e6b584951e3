//! What a request leaves open that dies between CreateMultipartUpload and its row: an upload that no row knows.
//!
//! *Invariant*: only uploads are aborted that no row can come to know. An opened file's id never changes, so every other on
//! its key is foreign. A RESERVED file has none yet: what is open is listed first, then the fence is raised, so that
//! whoever opened one of those and has not written it loses, and only then they go.

use domain::{Event, File, FileState, UploadId, decide};

use super::{App, PortError};
use crate::catalog::Written;

/// What a look for strays came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strays {
    /// There were none: nothing more is owed.
    None,
    /// They are closed, and the look is repeated.
    Closed,
    /// The row moved meanwhile, and says itself what is owed to it.
    Moved,
}

impl App {
    /// Closes every upload on a file's key that its row does not know.
    pub async fn close_strays(&self, file: &File) -> Result<Strays, PortError> {
        self.require_calm().await?;
        let store = &*self.parts.store;
        let listed = store.list_uploads(&file.key).await.map_err(PortError::store)?;
        let strays: Vec<UploadId> =
            listed.into_iter().filter(|upload| file.upload_id.as_ref() != Some(upload)).collect();
        if strays.is_empty() {
            return Ok(Strays::None);
        }
        if file.state == FileState::Reserved {
            let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
            let Ok(decision) = decide(file, &Event::Disowned, now) else { return Ok(Strays::Moved) };
            if self.advance(file, &decision, &[]).await? == Written::Stale {
                return Ok(Strays::Moved);
            }
        }
        for upload in &strays {
            store.abort(&file.key, upload).await.map_err(PortError::store)?;
        }
        tracing::info!(file = %file.id, closed = strays.len(), "closed uploads that no row knows");
        Ok(Strays::Closed)
    }
}
