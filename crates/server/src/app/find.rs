//! Find one asset of an owner. Somebody else's does not exist.

use domain::{Asset, AssetId, AssetStatus, Collection, OwnerId, Reason};

use super::{App, PortError};
use crate::catalog::Stamped;

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
        self.load_own(owner, of, id).await.map(|stamped| stamped.value)
    }

    /// The same with the time of reading, for use cases that go on to decide.
    pub(super) async fn load_own(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
    ) -> Result<Stamped<Asset>, FindError> {
        let found = self.parts.catalog.find_asset(id).await.map_err(PortError::catalog)?;
        let own = |asset: &Asset| asset.owner == *owner && asset.collection == of.name;
        let asset = found.value.filter(own).ok_or(FindError::Missing)?;
        match asset.status {
            AssetStatus::Uploading | AssetStatus::Created => Ok(Stamped { now: found.now, value: asset }),
            AssetStatus::Gone(reason) => Err(FindError::Gone(reason)),
        }
    }
}
