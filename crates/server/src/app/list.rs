//! Lists: an owner's assets, and the parts that have arrived of a file.

use domain::{AssetId, ByteCount, Collection, FileState, OwnerId, PartNumber, RoleName};

use super::{App, FindError, PortError};
use crate::catalog::{AssetList, AssetQuery};
use crate::events::News;
use crate::store::{More, PartsPage};

/// Why parts cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    /// The asset cannot be found.
    #[error(transparent)]
    Find(FindError),
    /// The role has no file on its way.
    #[error("the role has no file on its way")]
    NotUploading,
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl App {
    /// An owner's assets, newest first.
    pub async fn list_assets(&self, query: &AssetQuery) -> Result<AssetList, PortError> {
        self.parts.catalog.list_assets(query).await.map(|found| found.value).map_err(PortError::catalog)
    }

    /// What has arrived of a role's file, as the store lists it. Once the parts are frozen, the frozen list.
    pub async fn list_parts(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
        role: &RoleName,
        after: Option<PartNumber>,
        limit: u16,
    ) -> Result<PartsPage, PartsError> {
        let asset = self.find_asset(owner, of, id).await.map_err(PartsError::Find)?;
        let pending = asset.places.get(role).and_then(|place| place.pending.as_ref());
        let file = pending.ok_or(PartsError::NotUploading)?;
        let nothing = PartsPage { parts: Vec::new(), more: More::Ends };
        match &file.state {
            FileState::Reserved => Ok(nothing),
            FileState::Uploading => {
                let page = self.parts.store.list_parts_page(&file.key, file.upload(), after, limit).await;
                let page = page.map_err(PortError::store)?.unwrap_or(nothing);
                if after.is_none() && page.more == More::Ends {
                    let arrived = ByteCount(page.parts.iter().map(|part| part.size.get()).sum());
                    let size = file.plan.size();
                    self.ring(owner, News::Progress { asset: id, role: role.clone(), arrived, size });
                }
                Ok(page)
            }
            FileState::Committing { parts, .. } => {
                let mut left = parts.iter().filter(|part| after.is_none_or(|after| part.number > after));
                let page: Vec<_> = left.by_ref().take(usize::from(limit)).cloned().collect();
                let more = if left.next().is_some() { More::Follows } else { More::Ends };
                Ok(PartsPage { parts: page, more })
            }
            FileState::Verified { .. }
            | FileState::Created { .. }
            | FileState::Deleting { .. }
            | FileState::Closed { .. } => Err(PartsError::NotUploading),
        }
    }
}
