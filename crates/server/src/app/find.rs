//! Find one asset of an owner. Somebody else's does not exist.

use domain::{Asset, AssetId, AssetStatus, Collection, File, FileId, OwnerId, Reason};

use super::{App, PortError};
use crate::catalog::{Purpose, Stamped};

/// Why an asset cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is none, it is somebody else's, or of another collection.
    #[error("no such asset")]
    Missing,
    /// It was deleted or its upload expired.
    #[error("the asset is gone")]
    Gone(Reason),
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl App {
    /// An asset that its owner still has.
    pub async fn find_asset(&self, owner: &OwnerId, of: &Collection, id: AssetId) -> Result<Asset, FindError> {
        self.load_own(owner, of, id, Purpose::Decide).await.map(|stamped| stamped.value)
    }

    /// The same, for somebody who only looks at it.
    pub async fn show_asset(&self, owner: &OwnerId, of: &Collection, id: AssetId) -> Result<Asset, FindError> {
        self.load_own(owner, of, id, Purpose::Display).await.map(|stamped| stamped.value)
    }

    /// An asset that its owner still has, of whatever collection.
    pub async fn find_own_asset(&self, owner: &OwnerId, id: AssetId) -> Result<Asset, FindError> {
        let found = self.parts.catalog.find_asset(owner.shard(), id, Purpose::Decide).await;
        let found = found.map_err(PortError::catalog)?;
        let asset = found.value.filter(|asset| asset.owner == *owner).ok_or(FindError::Missing)?;
        match asset.status {
            AssetStatus::Uploading | AssetStatus::Created => Ok(asset),
            AssetStatus::Gone(reason) => Err(FindError::Gone(reason)),
        }
    }

    /// A file of an asset that its owner still has, in whatever state, and the asset, which may have another in its
    /// place by now.
    pub async fn find_own_file(&self, owner: &OwnerId, id: FileId) -> Result<(Asset, File), FindError> {
        let found = self.parts.catalog.find_file(owner.shard(), id).await.map_err(PortError::catalog)?;
        let file = found.value.ok_or(FindError::Missing)?;
        Ok((self.find_own_asset(owner, file.asset).await?, file))
    }

    /// The same with the time of reading, for use cases that go on to decide.
    pub(super) async fn load_own(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
        purpose: Purpose,
    ) -> Result<Stamped<Asset>, FindError> {
        let found = self.parts.catalog.find_asset(owner.shard(), id, purpose).await.map_err(PortError::catalog)?;
        let own = |asset: &Asset| asset.owner == *owner && asset.collection == of.name;
        let asset = found.value.filter(own).ok_or(FindError::Missing)?;
        match asset.status {
            AssetStatus::Uploading | AssetStatus::Created => Ok(Stamped { now: found.now, value: asset }),
            AssetStatus::Gone(reason) => Err(FindError::Gone(reason)),
        }
    }
}
