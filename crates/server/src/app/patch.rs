//! Change what people wrote about an asset. Files are not touched by it.

use domain::{Asset, AssetId, Collection, OwnerId};

use super::{App, FindError, MAX_RACES, PortError};
use crate::catalog::{AssetPatch, Purpose, Written};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// The asset cannot be found.
    #[error(transparent)]
    Find(FindError),
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl App {
    /// Writes a patch and gives the asset as it is afterwards.
    pub async fn patch_asset(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
        patch: &AssetPatch,
    ) -> Result<Asset, PatchError> {
        for _ in 0..MAX_RACES {
            let asset = self.find_asset(owner, of, id).await.map_err(PatchError::Find)?;
            if *patch == AssetPatch::default() {
                return Ok(asset);
            }
            let catalog = &*self.parts.catalog;
            let write = || catalog.patch_asset(owner.shard(), id, asset.revision, patch);
            let written = async || {
                let found = catalog.find_asset(owner.shard(), id, Purpose::Decide).await?.value;
                Ok(found.is_some_and(|found| found.revision == asset.revision.next() && patch.is_in(&found)))
            };
            if self.compare_and_set(write, written).await? == Written::Done {
                return self.find_asset(owner, of, id).await.map_err(PatchError::Find);
            }
        }
        Err(PortError::Contended.into())
    }
}
